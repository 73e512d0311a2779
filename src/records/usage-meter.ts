import type { TokenId } from '#/access/ids.ts'
import { USAGE_SPANS, type RequireUsage, type Usage, type UsageLimits, type UsageSpan } from '#/access/token-limits.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { pause } from '#/lib/backoff.ts'
import { PATIENCE_MS } from '#/lib/patience.ts'
import { PendingCalls } from './pending-calls.ts'

/** When each span that is now began, in ms since the epoch. */
export type SpanStarts = Readonly<Record<UsageSpan, number>>

/** Calls of tokens as far as they are stored, and the number of this writer's last record among them: both of one moment. */
export interface StoredUsage {
  readonly lastN: number
  readonly counts: ReadonlyMap<string, Readonly<Record<UsageSpan, number>>>
}

export interface UsageMeterOptions {
  readonly read: (tokens: readonly TokenId[], since: SpanStarts) => Promise<StoredUsage>
  readonly everyMs?: number
  readonly now?: () => number
}

interface Watched {
  askedAt: number
  since: SpanStarts
  /** null: they were never read. */
  counts: Readonly<Record<UsageSpan, number>> | null
  /** Calls of this worker that have no record yet: else any number could begin at once. */
  underWay: number
  /** As they were when it was last sent: they are only ever narrowed. */
  limits: UsageLimits
}

/** A token that nobody has sent for so long is not watched. */
const FORGET_MS = 600_000
const NONE = { hour: 0, day: 0, month: 0 } as const
/** So many requests wait for what is stored. */
const MOST_WAITING = 1_000

/**
 * How much of its calls a limited token has used: what all workers have stored, read again while the token is in use, and what this
 * one has begun and recorded since. While what is stored was never read, the token opens nothing: it may be used up. Nothing is read or counted
 * for tokens without such a limit.
 */
export class UsageMeter implements Usage, Disposable {
  readonly #options: Required<UsageMeterOptions>
  readonly #watched = new Map<TokenId, Watched>()
  /** Calls of this worker that are not among what was read. */
  readonly #pending = new PendingCalls()
  readonly #timer: NodeJS.Timeout
  /** Whether it was read. */
  #reading: Promise<boolean> | undefined
  #failedAt = -Infinity
  #waiting = 0

  constructor(options: UsageMeterOptions) {
    this.#options = { everyMs: 250, now: Date.now, ...options }
    this.#timer = setInterval(() => this.#refresh(), this.#options.everyMs).unref()
  }

  readonly require: RequireUsage = (tokenId, limits) => {
    const now = this.#options.now()
    const since = spansAt(now)
    const watched = this.#watch(tokenId, now)
    watched.limits = limits
    this.#requireLeft(tokenId, watched, { now, since })
  }

  #requireLeft(tokenId: TokenId, watched: Watched, { now, since }: { now: number; since: SpanStarts }): void {
    const { counts, limits } = watched
    if (counts === null) throw unknown()
    for (const span of USAGE_SPANS) {
      const limit = limits[span]
      if (limit === undefined) continue
      const stored = watched.since[span] === since[span] ? counts[span] : 0
      if (stored + this.#pending.since(tokenId, since[span]) + watched.underWay >= limit)
        throw usedUp(span, limits, now)
    }
  }

  readonly worthWaiting = (tokenId: TokenId): Promise<void> | undefined => {
    const watched = this.#watched.get(tokenId)
    const { everyMs, now } = this.#options
    const isOut = this.#waiting >= MOST_WAITING || now() < this.#failedAt + everyMs
    return watched === undefined || watched.counts !== null || isOut ? undefined : this.#wait(watched)
  }

  /**
   * A call of a limited token begins; disposed when it is recorded. Throws where the calls that began since it was let in are all that
   * were left.
   */
  begun(tokenId: TokenId): Disposable | undefined {
    const watched = this.#watched.get(tokenId)
    if (watched === undefined) return undefined
    const now = this.#options.now()
    this.#requireLeft(tokenId, watched, { now, since: spansAt(now) })
    watched.underWay++
    return { [Symbol.dispose]: () => void watched.underWay-- }
  }

  /** This worker's record number `n` is of a call with this token. */
  recorded(n: number, tokenId: string | null, at: number): void {
    if (tokenId !== null && this.#watched.has(tokenId as TokenId)) this.#pending.add(tokenId, n, at)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #watch(tokenId: TokenId, askedAt: number): Watched {
    let watched = this.#watched.get(tokenId)
    if (watched !== undefined) watched.askedAt = askedAt
    else {
      this.#watched.set(
        tokenId,
        (watched = { askedAt, since: spansAt(askedAt), counts: null, underWay: 0, limits: {} }),
      )
      this.#refresh()
    }
    return watched
  }

  async #wait(watched: Watched): Promise<void> {
    const over = new AbortController()
    const late = pause(PATIENCE_MS, over.signal).catch(() => undefined)
    this.#waiting++
    try {
      await Promise.race([this.#readFor(watched), late])
    } finally {
      this.#waiting--
      over.abort()
    }
  }

  /** What is being read may have been asked for before this token was sent. */
  async #readFor(watched: Watched): Promise<void> {
    const isRead = await this.#read()
    if (isRead && watched.counts === null) await this.#read()
  }

  #refresh(): void {
    if (this.#watched.size > 0) void this.#read()
  }

  #read(): Promise<boolean> {
    return (this.#reading ??= this.#readNow().finally(() => (this.#reading = undefined)))
  }

  async #readNow(): Promise<boolean> {
    const now = this.#options.now()
    const since = spansAt(now)
    const asked = [...this.#watched]
    try {
      const ids = asked.map(([id]) => id)
      const { lastN, counts } = await this.#options.read(ids, since)
      for (const [id, watched] of asked) {
        watched.since = since
        watched.counts = counts.get(id) ?? NONE
      }
      // What was sent meanwhile for the first time opens nothing before it is read itself, which then has all of these.
      this.#pending.stored(lastN)
      // Not before what was recorded here is stored: it would be nobody's.
      for (const [id, { askedAt, underWay }] of asked)
        if (askedAt < now - FORGET_MS && underWay === 0 && !this.#pending.has(id)) this.#watched.delete(id)
      return true
    } catch {
      // The database is away: what is known goes on to count, together with what is recorded here.
      this.#failedAt = this.#options.now()
      return false
    }
  }
}

let asked: { readonly hour: number; readonly starts: SpanStarts } | undefined
const HOUR_MS = 3_600_000

export function spansAt(now: number): SpanStarts {
  const hour = now - (now % HOUR_MS)
  if (asked?.hour === hour) return asked.starts
  const date = new Date(hour)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  asked = { hour, starts: { hour, day: Date.UTC(year, month, date.getUTCDate()), month: Date.UTC(year, month) } }
  return asked.starts
}

function endOf(span: UsageSpan, now: number): number {
  const { hour, day, month } = spansAt(now)
  if (span === 'hour') return hour + HOUR_MS
  if (span === 'day') return day + 24 * HOUR_MS
  const date = new Date(month)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)
}

function unknown(): GatewayError {
  const message =
    "this token's calls are limited, and how many there were is not known while the database is out of reach or has yet to take what was recorded before"
  return new GatewayError('unavailable', `${message}: try again in a moment`, { retryAfter: 2 })
}

function usedUp(span: UsageSpan, limits: UsageLimits, now: number): GatewayError {
  const end = endOf(span, now)
  const message = `this token's ${limits[span]} calls of this ${span} are used up; there are more from ${new Date(end).toISOString()}`
  return new GatewayError('usage_limit', message, { retryAfter: Math.ceil((end - now) / 1000) })
}
