import { Readable } from 'node:stream'
import type { Principal } from '#/access/principal.ts'
import { SSE_KEEP_ALIVE } from '#/lib/sse-write.ts'

const KEEP_ALIVE_MS = 15_000
/** What may lie here for a reader who is slower than the changes come. */
const MAX_UNREAD = 128 << 10
/** A reader who takes nothing for so long has gone without a word. */
const PATIENCE_MS = 60_000

export interface EventStreamParts {
  readonly principal: Principal
  /** Who that is by now; throws when they may no longer listen. */
  readonly again: (principal: Principal) => Principal
  /** The event that stands for all that a reader was too slow for. */
  readonly overflow: string
}

/** Events for one reader. Nothing waits for it: who is too slow is told once that there was more. */
export class EventStream {
  readonly body: Readable
  readonly #parts: EventStreamParts
  #principal: Principal
  #wroteAt = performance.now()
  /** Since when the reader owes us reading on. */
  #owesSince: number | undefined
  #missed = false
  #isEnded = false

  constructor(parts: EventStreamParts) {
    this.#parts = parts
    this.#principal = parts.principal
    this.body = new Readable({ read: () => this.#caughtUp() })
    // With the first bytes goes the head: a reader knows that it listens before anything happens.
    this.#push(SSE_KEEP_ALIVE)
  }

  /** Whose it is, as bounds count. */
  get key(): string {
    return this.#principal.key
  }

  /** Who its reader is at this moment; undefined: nobody who may listen, and it ends. */
  get reader(): Principal | undefined {
    if (this.#isOver) return undefined
    try {
      this.#principal = this.#parts.again(this.#principal)
      return this.#principal
    } catch {
      this.end(performance.now())
      return undefined
    }
  }

  /** `json`: one line. */
  tell(json: string): void {
    if (this.#isOver || this.#missed) return
    if (this.body.readableLength < MAX_UNREAD) return this.#push(event(json))
    this.#missed = true
    this.#owesSince ??= performance.now()
  }

  /** Once a second. */
  tick(now: number): void {
    if (this.#owesSince !== undefined && now - this.#owesSince > PATIENCE_MS) this.body.destroy()
    if (this.reader === undefined) return
    if (now - this.#wroteAt >= KEEP_ALIVE_MS && this.body.readableLength === 0) this.#push(SSE_KEEP_ALIVE)
  }

  /** No more; what lies here is still read. */
  end(now: number): void {
    if (this.#isOver) return
    this.#isEnded = true
    this.#owesSince ??= now
    this.body.push(null)
  }

  get #isOver(): boolean {
    return this.#isEnded || this.body.destroyed
  }

  #push(bytes: Buffer | string): void {
    this.#wroteAt = performance.now()
    this.body.push(bytes)
  }

  #caughtUp(): void {
    if (!this.#missed) return
    this.#missed = false
    this.#owesSince = undefined
    this.#push(event(this.#parts.overflow))
  }
}

const event = (json: string): string => `data: ${json}\n\n`
