import { GatewayError } from '#/errors/gateway-error.ts'
import { patience, PATIENCE_MS, type Patience } from '#/lib/patience.ts'
import { troubleIn, type Trouble } from './trouble.ts'

/** Longer than a server that is well takes to accept a connection, to begin a transaction or to read one row. */
const SILENCE_MS = PATIENCE_MS
const LOOK_EVERY_MS = 50
/** Quiet for so long, with nothing asked that had to be answered by now, makes us knock; and so long we wait at the door. */
const KNOCK_AFTER_MS = 350
const KNOCK_MS = 200
/** Nothing refused for so long, while something was taken: what comes and goes has gone. */
const LULL_MS = 1_500

/** Something that the server was asked and has not answered. */
export interface Ask {
  /** When the request around began to wait, which may be some steps ago. */
  readonly since: number
  readonly patience: Patience
  /** A server that is well answers this at once; other things may take as long as their own deadline says. */
  readonly prompt: boolean
  readonly abandon: (why: GatewayError) => void
}

/**
 * Whether the server answers at all. One that is stopped in its tracks keeps its connections and refuses nothing: without this,
 * whoever asks would wait for a whole deadline. When it has said nothing on any connection for a while, although something was
 * asked that needs no time, all that waits is given up, and until it speaks again one asks at a time and the others are refused
 * at once.
 */
export class Pulse {
  readonly #asks = new Set<Ask>()
  #spokeAt = 0
  #silent = false
  #trouble: Trouble | null = null
  #refusedAt = -Infinity
  #isLooking = false
  #isKnocking = false
  #openedAt = 0
  readonly #knock: (ms: number) => Promise<boolean>

  /** `knock`: whether the server opens to a stranger. */
  constructor(knock: (ms: number) => Promise<boolean>) {
    this.#knock = knock
  }

  /** Why the server's last word, to a write or to a connection that was wanted, was no; null: it took it. */
  get trouble(): Trouble | null {
    return this.#trouble
  }

  /** Throws while the server is silent and somebody else already finds out whether it still is. */
  admit(): void {
    if (this.#silent && this.#asks.size > 0) throw silence()
  }

  asked(prompt: boolean, abandon: Ask['abandon']): Ask {
    const own = patience()
    const ask = { since: own.waiting(), patience: own, prompt, abandon }
    this.#asks.add(ask)
    if (!this.#isLooking) this.#lookLater()
    return ask
  }

  /** The server answered, be it with an error; or the wait ended for a reason of our own. */
  ended(ask: Ask, how: 'answered' | 'given up'): void {
    this.#asks.delete(ask)
    if (how === 'given up') return
    ask.patience.heard()
    this.#spokeAt = performance.now()
    this.#silent = false
  }

  /** A write was taken. On a full disk that may be one that fits where others did not. */
  wrote(): void {
    const mayBeLuck = this.#trouble?.comesAndGoes === true && performance.now() - this.#refusedAt < LULL_MS
    if (!mayBeLuck) this.#trouble = null
  }

  /** A connection was given: what kept us from having one is over, what refuses writes is not. */
  connected(): void {
    if (this.#trouble?.of === 'connections') this.#trouble = null
  }

  refused(error: unknown): void {
    const trouble = troubleIn(error)
    if (trouble === undefined) return
    this.#trouble = trouble
    this.#refusedAt = performance.now()
  }

  #lookLater(): void {
    this.#isLooking = true
    const look = (): void => {
      this.#isLooking = false
      this.#look()
      if (this.#asks.size > 0) this.#lookLater()
    }
    // When we were busy ourselves, answers may lie unread: they come first.
    setTimeout(() => setImmediate(look), LOOK_EVERY_MS).unref()
  }

  #look(): void {
    const waiting = this.#quietFor(SILENCE_MS)
    this.#silent ||= waiting.some(({ prompt }) => prompt)
    if (this.#silent) for (const { abandon } of waiting) abandon(silence())
    else if (this.#quietFor(KNOCK_AFTER_MS).length > 0) void this.#knocks()
  }

  /** What has waited so long or longer, while the server said nothing at all. */
  #quietFor(ms: number): readonly Ask[] {
    const past = performance.now() - ms
    return this.#spokeAt > past ? [] : [...this.#asks].filter(({ since }) => since <= past)
  }

  /** With one connection, and that one busy with something that may take its time, nothing else would tell. */
  async #knocks(): Promise<void> {
    const began = performance.now()
    if (this.#isKnocking || began - this.#openedAt < KNOCK_AFTER_MS) return
    this.#isKnocking = true
    const opens = await this.#knock(KNOCK_MS)
    this.#isKnocking = false
    if (opens) this.#openedAt = performance.now()
    if (opens || this.#spokeAt > began) return
    this.#silent = true
    for (const { abandon } of this.#quietFor(KNOCK_AFTER_MS)) abandon(silence())
  }
}

function silence(): GatewayError {
  return new GatewayError('unavailable', 'the database does not answer', { retryAfter: 1 })
}
