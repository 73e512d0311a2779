import type { Principal } from '#/access/principal.ts'
import { LOCAL_GATEWAY } from '#/catalog/local.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { Counts } from '#/lib/counts.ts'
import type { Destination } from './resolve.ts'

/** How many calls there are places for, on this worker. */
export interface ShareLimits {
  readonly calls: number
  readonly callsPerPrincipal: number
}

/**
 * A server may have so many times the places that stay free: two thirds of them where it alone is slow, two fifths each where two
 * are. However many servers hang, some places are left for the others.
 */
const TIMES_THE_FREE = 2

/** Calls of one principal, or of all, and at which server they are. */
class Held {
  readonly #places: number
  readonly #at = new Counts()
  #calls = 0

  constructor(places: number) {
    this.#places = places
  }

  get empty(): boolean {
    return this.#calls === 0
  }

  at(server: string): number {
    return this.#at.of(server)
  }

  mayTake(server: string): boolean {
    return this.at(server) + 1 <= TIMES_THE_FREE * (this.#places - this.#calls - 1)
  }

  take(server: string): void {
    this.#calls += 1
    this.#at.add(server)
  }

  give(server: string): void {
    this.#calls -= 1
    this.#at.remove(server)
  }
}

/** So many principals are kept without a call of theirs: most come again. */
const REMEMBERED = 1_000

/** Divides the places for calls among the servers that they go to, so that one which hangs does not take them all. */
export class Shares {
  readonly #limits: ShareLimits
  readonly #all: Held
  readonly #principals = new Map<string, Held>()

  constructor(limits: ShareLimits) {
    this.#limits = limits
    this.#all = new Held(limits.calls)
  }

  /** Those with calls under way, and some that had. */
  get principals(): number {
    return this.#principals.size
  }

  /** Disposed once, when the call is over. */
  take(principal: Principal, destination: Destination): Disposable {
    const server = serverOf(destination)
    const { key } = principal
    const own = this.#principals.get(key) ?? new Held(this.#limits.callsPerPrincipal)
    if (!own.mayTake(server)) {
      const places = `${own.at(server)} of your ${this.#limits.callsPerPrincipal} places`
      throw full(places, principal, destination)
    }
    if (!this.#all.mayTake(server)) {
      const places = `${this.#all.at(server)} of the gateway's ${this.#limits.calls} places`
      throw full(places, principal, destination)
    }
    own.take(server)
    this.#all.take(server)
    this.#principals.set(key, own)
    return {
      [Symbol.dispose]: () => {
        this.#all.give(server)
        own.give(server)
        if (own.empty && this.#principals.size > REMEMBERED) this.#principals.delete(key)
      },
    }
  }
}

/** What is slow together: a server, or for a tool that calls an HTTP API the host of it. */
function serverOf({ gateway, item }: Destination): string {
  if (gateway !== LOCAL_GATEWAY) return gateway.id
  const url = typeof item.local === 'object' ? URL.parse(item.local.backing.url) : null
  return url?.origin ?? item.id
}

function full(places: string, { visibilityClass }: Principal, { gateway, kind }: Destination): GatewayError {
  const isNamed = gateway !== LOCAL_GATEWAY && visibilityClass.sees(gateway)
  const server = isNamed ? `the server '${gateway.name}'` : `the server behind this ${kind}`
  return new GatewayError(
    'overloaded',
    `calls to ${server} hold ${places}, and the rest is kept for other servers; try again in a second`,
    { retryAfter: 1 },
  )
}
