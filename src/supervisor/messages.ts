/** A small thing that every worker must know until it expires: a session's log level, a deleted session. */
export interface Fact {
  /** What kind of fact; each part of the house has its own. */
  readonly topic: string
  /** A later fact with the same topic and key replaces this one. */
  readonly key: string
  /** Survives structured clone. */
  readonly value: unknown
  /** Milliseconds since 1970; afterwards nobody needs to be told. */
  readonly expiresAt: number
  /** Only for those who are there now: not remembered for workers that start later. */
  readonly once?: true
}

/** What the supervisor tells a worker. */
export type ToWorker =
  | {
      readonly kind: 'start'
      readonly config: unknown
      readonly prepared: unknown
      readonly index: number
      readonly workers: number
      readonly drainMs: number
    }
  /**
   * Comes with the socket. Answered with `taken`: until then the supervisor can give it to another worker, no other follows, and the same
   * may come again.
   */
  | { readonly kind: 'connection'; readonly n: number }
  /** The catalog changed; the number is the newest seq, null where it is not known. */
  | { readonly kind: 'wake'; readonly seq: number | null }
  | { readonly kind: 'fact'; readonly fact: Fact }
  | { readonly kind: 'report'; readonly id: number }
  | { readonly kind: 'collected'; readonly id: number; readonly parts: readonly unknown[] }
  /** No longer ready, but still taking requests. */
  | { readonly kind: 'quiesce' }
  /** No connection will follow: finish what is in flight within `ms`, then end. May be sent again with less. */
  | { readonly kind: 'drain'; readonly ms: number }

/** What a worker tells the supervisor. */
export type FromWorker =
  | { readonly kind: 'ready' }
  /** It could not start and says why; it ends by itself. */
  | { readonly kind: 'failed'; readonly why: string }
  /** `told`: the answer to `drain`. A connection that it has not taken by then was lost on the way. */
  | { readonly kind: 'draining'; readonly told: boolean }
  | { readonly kind: 'taken'; readonly n: number }
  | { readonly kind: 'fact'; readonly fact: Fact }
  | { readonly kind: 'collect'; readonly id: number }
  | { readonly kind: 'reported'; readonly id: number; readonly part: unknown }
