import type { ChainLink } from './chain-walk.ts'
import type { ChainPlace, Seals } from './seals.ts'

/** Why somebody was not let in, or not let do something. */
export type SecurityKind = 'unauthenticated' | 'forbidden' | 'sign_in_failed'

export interface SecurityEvent {
  readonly kind: SecurityKind
  /** null: nobody knows, or nobody should. */
  readonly userId: string | null
  /** As the connection says. */
  readonly fromIp: string | null
  /** What was answered. */
  readonly why: string
  readonly path: string | null
  readonly requestId: string | null
}

/** Events that were alike, within a few seconds; of path and request id the first. */
export interface SecurityEntry {
  readonly at: Date
  readonly lastAt: Date
  readonly kind: SecurityKind
  readonly userId: string | null
  /** null: from several. */
  readonly network: string | null
  readonly why: string
  readonly path: string | null
  readonly requestId: string | null
  readonly times: number
}

/** An entry as it is chained; `seq` has no gaps. */
export type SecurityRecord = SecurityEntry & ChainLink

export interface SecuritySink {
  append(entries: readonly SecurityEntry[]): Promise<void>
}

/** What was forgotten ends here; `sealed` null: that was not sealed. */
export interface ForgottenEntries extends ChainPlace {
  readonly sealed: { readonly seal: Buffer; readonly proof: Buffer; readonly keyId: string } | null
}

/** The newest number, head and state of the sealed chain, and what is kept no more. */
export interface SecurityTip extends ChainPlace {
  /** null: the log is not sealed. */
  readonly state: Buffer | null
  readonly kept: ForgottenEntries
}

export interface SecurityReader {
  readonly seals: Seals
  tip(): Promise<SecurityTip>
  /** Newest first, older than `before` (null: from the newest). */
  page(kind: SecurityKind | null, before: number | null, limit: number): Promise<readonly SecurityRecord[]>
  /** Oldest first, newer than `after`, up to `last`. */
  chain(range: {
    readonly after: number
    readonly last: number
    readonly limit: number
  }): Promise<readonly SecurityRecord[]>
  /** Heads that the audit log noted, in hex, by number. */
  anchors(): Promise<ReadonlyMap<number, string>>
}

export interface SecurityKeeper {
  /** Writes number and head into the audit log where they are not there yet. */
  anchor(): Promise<void>
  /** Forgets what is old or too much. Answers how many entries it were. */
  forget(limits: { readonly days: number; readonly most: number }): Promise<number>
}
