import { clientNetwork } from '#/access/client-network.ts'
import type { SecurityEntry, SecurityEvent, SecuritySink } from './security.ts'

export interface SecurityLogOptions {
  readonly sink: SecuritySink
  readonly onFailure: (cause: unknown) => void
  /** Between two times that what was noted is stored. */
  readonly everyMs?: number
  /** Different entries that are kept apart in that time; the rest is counted together. */
  readonly most?: number
}

const EVERY_MS = 10_000
const MOST = 20
const LONGEST = 300

type Counted = { -readonly [Member in keyof SecurityEntry]: SecurityEntry[Member] }

/**
 * Counts what was refused, alike with alike, and stores it now and then: whoever knocks without end costs a few rows a minute. While the
 * database is away it goes on counting; a batch whose fate nobody knows is stored again, so that numbers may be too large, never too
 * small.
 */
export class SecurityLog implements AsyncDisposable {
  readonly #options: Required<SecurityLogOptions>
  readonly #entries = new Map<string, Counted>()
  readonly #timer: NodeJS.Timeout
  #storing: Promise<void> | null = null

  constructor(options: SecurityLogOptions) {
    this.#options = { everyMs: EVERY_MS, most: MOST, ...options }
    this.#timer = setInterval(() => void this.store(), this.#options.everyMs).unref()
  }

  note({ kind, userId, fromIp, why, path, requestId }: SecurityEvent): void {
    const at = new Date()
    const { network } = clientNetwork(fromIp)
    const entry = { at, lastAt: at, kind, userId, network, why: why.slice(0, LONGEST), path, requestId, times: 1 }
    this.#count(entry)
  }

  /** Stores what was counted; at most one batch is under way. */
  async store(): Promise<void> {
    if (this.#storing !== null || this.#entries.size === 0) return await (this.#storing ?? undefined)
    const batch = [...this.#entries.values()]
    this.#entries.clear()
    this.#storing = this.#options.sink.append(batch).catch((cause: unknown) => {
      for (const entry of batch) this.#count(entry)
      this.#options.onFailure(cause)
    })
    await this.#storing
    this.#storing = null
  }

  #count(entry: SecurityEntry): void {
    const { kind, userId, network, why } = entry
    const key = JSON.stringify([kind, userId, network, why])
    const known = this.#entries.get(key)
    if (known !== undefined) add(known, entry)
    else if (this.#entries.size < this.#options.most) this.#entries.set(key, { ...entry })
    else this.#countTogether(entry)
  }

  /** One entry for each kind, whatever there is of it. */
  #countTogether({ kind, ...entry }: SecurityEntry): void {
    const known = this.#entries.get(kind)
    if (known !== undefined) return add(known, { kind, ...entry })
    this.#entries.set(kind, { ...entry, kind, userId: null, network: null, why: 'others, too many to tell apart' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#storing
    await this.store()
  }
}

function add(known: Counted, { at, lastAt, times }: SecurityEntry): void {
  known.times += times
  if (at < known.at) known.at = at
  if (lastAt > known.lastAt) known.lastAt = lastAt
}
