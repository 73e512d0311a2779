import { isForeign } from '#/access/foreign-tokens.ts'
import type { TokenId } from '#/access/ids.ts'

/** That a token was sent: when last, in ms since the epoch. */
export interface TokenUse {
  readonly tokenId: TokenId
  readonly at: number
}

/** Requests with a token that were not let through, of one kind and hour. */
export interface TokenRefusals extends TokenUse {
  /** The route, or what stands for it. */
  readonly method: string
  readonly times: number
}

export interface TokenUsesSink {
  store(uses: readonly TokenUse[], refused: readonly TokenRefusals[]): Promise<void>
}

export interface TokenUsesOptions {
  readonly sink: TokenUsesSink
  readonly everyMs?: number
  readonly now?: () => number
}

/** A use is worth a row when the one before is so long ago: what is shown is right to the minute. */
const MARK_MS = 60_000
/** Tokens, and kinds of refusals, that are kept apart until they are stored. */
const MOST = 10_000
const HOUR_MS = 3_600_000

/**
 * What is done with tokens besides calls, which leave records: when each was sent last, and how often one was not let through. Kept in
 * memory until it is stored, a moment later. While the database is away it waits, up to a bound; a batch whose fate nobody knows is
 * stored again, so that numbers may be too large, never too small.
 */
export class TokenUses implements AsyncDisposable {
  readonly #options: Required<TokenUsesOptions>
  readonly #used = new Map<TokenId, number>()
  readonly #refused = new Map<string, { -readonly [Member in keyof TokenRefusals]: TokenRefusals[Member] }>()
  /** When each was stored last. */
  readonly #marked = new Map<TokenId, number>()
  readonly #timer: NodeJS.Timeout
  #storing: Promise<void> | null = null

  constructor(options: TokenUsesOptions) {
    this.#options = { everyMs: 250, now: Date.now, ...options }
    this.#timer = setInterval(() => void this.store(), this.#options.everyMs).unref()
  }

  used(tokenId: TokenId): void {
    const now = this.#options.now()
    if (this.#isMarkedSince(tokenId, now - MARK_MS) || isForeign(tokenId)) return
    if (this.#used.size < MOST || this.#used.has(tokenId)) this.#used.set(tokenId, now)
  }

  /** A call with it is recorded, which says so as well. */
  recorded(tokenId: TokenId): void {
    const now = this.#options.now()
    this.#used.delete(tokenId)
    if (!this.#isMarkedSince(tokenId, now - MARK_MS / 2)) this.#mark(tokenId, now)
  }

  refused(tokenId: TokenId, method: string): void {
    if (!isForeign(tokenId)) this.#count({ tokenId, method, at: this.#options.now(), times: 1 })
  }

  /** Stores what there is; at most one batch is under way. */
  async store(): Promise<void> {
    if (this.#storing !== null) return await this.#storing
    this.#forgetMarks()
    if (this.#used.size === 0 && this.#refused.size === 0) return
    this.#storing = this.#storeNow().finally(() => (this.#storing = null))
    await this.#storing
  }

  async #storeNow(): Promise<void> {
    const uses = [...this.#used].map(([tokenId, at]) => ({ tokenId, at }))
    const refused = [...this.#refused.values()]
    this.#used.clear()
    this.#refused.clear()
    try {
      for (const { tokenId, at } of uses) this.#mark(tokenId, at)
      await this.#options.sink.store(uses, refused)
    } catch {
      for (const { tokenId, at } of uses) {
        this.#marked.delete(tokenId)
        if (!this.#used.has(tokenId)) this.#used.set(tokenId, at)
      }
      for (const one of refused) this.#count(one)
    }
  }

  #count(one: TokenRefusals): void {
    const key = `${one.tokenId} ${one.at - (one.at % HOUR_MS)} ${one.method}`
    const known = this.#refused.get(key)
    if (known !== undefined) known.times += one.times
    else if (this.#refused.size < MOST) this.#refused.set(key, { ...one })
  }

  #isMarkedSince(tokenId: TokenId, since: number): boolean {
    return (this.#marked.get(tokenId) ?? -Infinity) > since
  }

  /** Whoever was marked last stands last. */
  #mark(tokenId: TokenId, at: number): void {
    this.#marked.delete(tokenId)
    this.#marked.set(tokenId, at)
  }

  #forgetMarks(): void {
    const old = this.#options.now() - MARK_MS
    for (const [tokenId, at] of this.#marked) {
      if (at > old) return
      this.#marked.delete(tokenId)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#storing
    await this.store()
  }
}
