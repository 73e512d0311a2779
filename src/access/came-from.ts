import type { Principal } from './principal.ts'

/** Of one principal. Whoever comes from yet another place is made anew there. */
const MOST_PLACES = 1_000

/**
 * Principals whose tokens are good from some addresses only, told apart by where they come from: what goes on for one of them is to end
 * when its token is good there no longer, and only then.
 */
export class CameFrom {
  readonly #made = new WeakMap<Principal, Map<string, Principal>>()
  readonly #from = new WeakMap<Principal, string>()

  /** The same principal, come from this address. */
  at(principal: Principal, from: string | null): Principal {
    if (from === null) return principal
    let places = this.#made.get(principal)
    if (places === undefined) this.#made.set(principal, (places = new Map()))
    let there = places.get(from)
    if (there === undefined) {
      there = Object.freeze({ ...principal })
      this.#from.set(there, from)
      if (places.size >= MOST_PLACES) places.clear()
      places.set(from, there)
    }
    return there
  }

  /** undefined: it does not matter, or did not when the principal was made. */
  of(principal: Principal): string | undefined {
    return this.#from.get(principal)
  }
}
