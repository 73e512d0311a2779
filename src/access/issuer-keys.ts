import type { KeyObject } from 'node:crypto'
import { keysOf, type KeySource } from './jwt-keys.ts'
import type { JwtAlgorithm } from './jwt.ts'

export interface IssuerKeysOptions {
  readonly algorithm: JwtAlgorithm
  /** The JWKS document, from wherever it is kept. */
  readonly load: () => Promise<unknown>
  /** Told of a document that was loaded and has other keys than the one before. */
  readonly learnt?: (document: unknown) => void
  readonly failed: (cause: unknown) => void
  /** Milliseconds, from some moment on. */
  readonly now?: () => number
}

/** From then on the keys are asked for again, beside whatever goes on with those that are known. */
const FRESH_MS = 600_000
/** From then on they are no longer believed: a key that was withdrawn is good for so long where its issuer cannot be reached. */
const GOOD_MS = 12 * 3_600_000
/** Between two questions, whatever keys are named meanwhile. */
const PAUSE_MS = 15_000

/** The keys that an issuer publishes, kept. */
export class IssuerKeys implements KeySource {
  readonly #options: IssuerKeysOptions
  readonly #now: () => number
  #keys: ReadonlyMap<string, KeyObject> = new Map()
  #fetchedAt = -Infinity
  #askedAt = -Infinity
  #asking: Promise<void> | undefined
  #document = ''
  generation = 0

  constructor(options: IssuerKeysOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  get isKnown(): boolean {
    const age = this.#now() - this.#fetchedAt
    if (age > FRESH_MS) void this.refresh()
    return age <= GOOD_MS
  }

  find(kid: string | undefined): KeyObject | undefined {
    if (kid !== undefined) return this.#keys.get(kid)
    const [only, ...others] = this.#keys.values()
    return others.length === 0 ? only : undefined
  }

  refresh(): Promise<void> | undefined {
    if (this.#asking !== undefined) return this.#asking
    if (this.#now() - this.#askedAt < PAUSE_MS) return undefined
    this.#asking = this.#ask().finally(() => (this.#asking = undefined))
    return this.#asking
  }

  /** A document that somebody else loaded just now. */
  adopt(document: unknown): void {
    try {
      this.#take(document)
    } catch (cause) {
      this.#options.failed(cause)
    }
  }

  async #ask(): Promise<void> {
    this.#askedAt = this.#now()
    try {
      const document = await this.#options.load()
      if (this.#take(document)) this.#options.learnt?.(document)
    } catch (cause) {
      this.#options.failed(cause)
    }
  }

  /** False: it is the one that is known. */
  #take(document: unknown): boolean {
    const text = JSON.stringify(document)
    const isKnown = text === this.#document
    if (!isKnown) {
      this.#keys = keysOf(document, this.#options.algorithm)
      this.#document = text
      this.generation += 1
    }
    this.#fetchedAt = this.#now()
    return !isKnown
  }
}
