import { GatewayError } from '#/errors/gateway-error.ts'
import { pace } from '#/lib/pace.ts'
import type { Principal } from './principal.ts'

/** Something that goes on for somebody: a call that waits, a stream that is open. */
export interface Ongoing {
  /** Throws where `principal`, the caller as it is now, may not go on with it. */
  mayGoOn(principal: Principal): void
  end(error: GatewayError): void
}

interface Going {
  readonly ongoing: Ongoing
  principal: Principal
  /** Where it stands in the list; -1: it is over. */
  at: number
}

/**
 * What goes on here, and for whom, so that it ends when whoever it goes on for may do it no longer. A review costs a look-up for each
 * that goes on; only where the principal is another than before is it asked whether it may go on.
 */
export class UnderWay {
  readonly #again: (principal: Principal) => Principal
  /** A list and no Map: of a Map through which everything passes V8 keeps old tables, each with the next, and all that was in them. */
  readonly #going: Going[] = []
  #reviewing: Promise<void> | undefined
  #isStale = false

  /** `again`: the principal as it is now, the same object where nothing changed; throws where there is none any more. */
  constructor(again: (principal: Principal) => Principal) {
    this.#again = again
  }

  /** Disposed when it is over. */
  begin(ongoing: Ongoing, principal: Principal): Disposable {
    const going: Going = { ongoing, principal, at: this.#going.length }
    this.#going.push(going)
    return { [Symbol.dispose]: () => this.#over(going) }
  }

  /** The last takes its place. */
  #over(going: Going): void {
    if (going.at < 0) return
    const last = this.#going.pop()
    if (last !== undefined && last !== going) {
      this.#going[going.at] = last
      last.at = going.at
    }
    going.at = -1
  }

  get size(): number {
    return this.#going.length
  }

  /** Ends what may not go on. Many streams are looked at in slices, which requests pass. */
  async review(): Promise<void> {
    this.#isStale = true
    // Begun a moment later: what is looked at may itself ask for a review.
    this.#reviewing ??= Promise.resolve().then(() => this.#run())
    await this.#reviewing
  }

  async #run(): Promise<void> {
    const slice = pace()
    try {
      while (this.#isStale) {
        this.#isStale = false
        // Those of now: what begins later begins for somebody as of then.
        for (const going of this.#going.slice()) {
          if (going.at >= 0) this.#look(going)
          if (slice.due()) await slice.rest()
        }
      }
    } finally {
      this.#reviewing = undefined
    }
  }

  #look(going: Going): void {
    try {
      const now = this.#again(going.principal)
      if (now === going.principal) return
      going.ongoing.mayGoOn(now)
      going.principal = now
    } catch (cause) {
      this.#over(going)
      going.ongoing.end(GatewayError.from(cause))
    }
  }
}
