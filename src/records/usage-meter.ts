import type { TokenId } from '#/access/ids.ts'
import { USAGE_SPANS, type RequireUsage, type UsageLimits, type UsageSpan } from '#/access/token-limits.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

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
  counts: Readonly<Record<UsageSpan, number>>
  /** Calls of this worker that are not among `counts`, oldest first. */
  pending: { readonly n: number; readonly at: number }[]
}

/** A token that nobody has sent for so long is not watched. */
const FORGET_MS = 600_000
const NONE = { hour: 0, day: 0, month: 0 } as const

/**
 * How much of its calls a limited token has used: what all workers have stored, read again while the token is in use, and what this
 * one has recorded since. Nothing is read or counted for tokens without such a limit.
 */
export class UsageMeter implements Disposable {
  readonly #options: Required<UsageMeterOptions>
  readonly #watched = new Map<TokenId, Watched>()
  readonly #timer: NodeJS.Timeout
  #isReading = false

  constructor(options: UsageMeterOptions) {
    this.#options = { everyMs: 250, now: Date.now, ...options }
    this.#timer = setInterval(() => this.#refresh(), this.#options.everyMs).unref()
  }

  readonly require: RequireUsage = (tokenId, limits) => {
    const now = this.#options.now()
    const since = spansAt(now)
    const watched = this.#watch(tokenId, now)
    for (const span of USAGE_SPANS) {
      const limit = limits[span]
      if (limit !== undefined && usedOf(watched, span, since) >= limit) throw usedUp(span, limits, now)
    }
  }

  /** This worker's record number `n` is of a call with this token. */
  recorded(n: number, tokenId: string | null, at: number): void {
    if (this.#watched.size > 0) this.#watched.get(tokenId as TokenId)?.pending.push({ n, at })
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #watch(tokenId: TokenId, askedAt: number): Watched {
    let watched = this.#watched.get(tokenId)
    if (watched !== undefined) watched.askedAt = askedAt
    else {
      this.#watched.set(tokenId, (watched = { askedAt, since: spansAt(askedAt), counts: NONE, pending: [] }))
      this.#refresh()
    }
    return watched
  }

  #refresh(): void {
    if (this.#watched.size > 0 && !this.#isReading) void this.#read()
  }

  async #read(): Promise<void> {
    this.#isReading = true
    const now = this.#options.now()
    for (const [id, { askedAt }] of this.#watched) if (askedAt < now - FORGET_MS) this.#watched.delete(id)
    const since = spansAt(now)
    try {
      const { lastN, counts } = await this.#options.read([...this.#watched.keys()], since)
      for (const [id, watched] of this.#watched) {
        watched.since = since
        watched.counts = counts.get(id) ?? NONE
        watched.pending = watched.pending.filter(({ n }) => n > lastN)
      }
    } catch {
      // The database is away: what is known goes on to count, together with what is recorded here.
    } finally {
      this.#isReading = false
    }
  }
}

function usedOf({ counts, since: counted, pending }: Watched, span: UsageSpan, since: SpanStarts): number {
  const from = since[span]
  const stored = counted[span] === from ? counts[span] : 0
  const isAllNow = pending.length === 0 || (pending[0]?.at ?? 0) >= from
  return stored + (isAllNow ? pending.length : pending.filter(({ at }) => at >= from).length)
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

function usedUp(span: UsageSpan, limits: UsageLimits, now: number): GatewayError {
  const end = endOf(span, now)
  const message = `this token's ${limits[span]} calls of this ${span} are used up; there are more from ${new Date(end).toISOString()}`
  return new GatewayError('usage_limit', message, { retryAfter: Math.ceil((end - now) / 1000) })
}
