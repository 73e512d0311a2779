import { GatewayError } from '#/errors/gateway-error.ts'
import { pace } from '#/lib/pace.ts'
import type { Principal } from './principal.ts'

/** Something that goes on for somebody: a call that waits, a stream that is open. */
export interface Ongoing {
  /** Throws where `principal`, the caller as it is now, may not go on with it. */
  mayGoOn(principal: Principal): void
  end(error: GatewayError): void
}

/**
 * What goes on here, and for whom, so that it ends when whoever it goes on for may do it no longer. A review costs a look-up for each
 * that goes on; only where the principal is another than before is it asked whether it may go on.
 */
export class UnderWay {
  readonly #again: (principal: Principal) => Principal
  readonly #going = new Map<Ongoing, Principal>()
  #reviewing: Promise<void> | undefined
  #isStale = false

  /** `again`: the principal as it is now, the same object where nothing changed; throws where there is none any more. */
  constructor(again: (principal: Principal) => Principal) {
    this.#again = again
  }

  begin(ongoing: Ongoing, principal: Principal): void {
    this.#going.set(ongoing, principal)
  }

  over(ongoing: Ongoing): void {
    this.#going.delete(ongoing)
  }

  get size(): number {
    return this.#going.size
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
        for (const [ongoing, principal] of this.#going) {
          this.#look(ongoing, principal)
          if (slice.due()) await slice.rest()
        }
      }
    } finally {
      this.#reviewing = undefined
    }
  }

  #look(ongoing: Ongoing, principal: Principal): void {
    try {
      const now = this.#again(principal)
      if (now === principal) return
      ongoing.mayGoOn(now)
      this.#going.set(ongoing, now)
    } catch (cause) {
      this.#going.delete(ongoing)
      ongoing.end(GatewayError.from(cause))
    }
  }
}
