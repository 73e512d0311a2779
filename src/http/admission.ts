import { GatewayError } from '#/errors/gateway-error.ts'
import { Counts } from '#/lib/counts.ts'

export interface AdmissionLimits {
  readonly calls: number
  readonly callsPerPrincipal: number
  readonly bodyBytes: number
}

/** First values, per worker. */
export const ADMISSION_LIMITS: AdmissionLimits = { calls: 4096, callsPerPrincipal: 1000, bodyBytes: 256 << 20 }

/** A place for one request; `reserve` adds body bytes to it. Leaving gives everything back, once. */
export interface Place {
  reserve(bytes: number): void
  leave(): void
}

/** Bounds what is in flight before anything is read. A refusal is cheap and says when to come back. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #perPrincipal = new Counts()
  #calls = 0
  #bytes = 0

  constructor(limits: AdmissionLimits = ADMISSION_LIMITS) {
    this.#limits = limits
  }

  get inFlight(): number {
    return this.#calls
  }

  enter(principalKey: string): Place {
    if (this.#calls >= this.#limits.calls) throw busy('the gateway is at its limit of calls in flight')
    if (this.#perPrincipal.of(principalKey) >= this.#limits.callsPerPrincipal)
      throw busy('you are at your limit of calls in flight')
    this.#calls += 1
    this.#perPrincipal.add(principalKey)
    let reserved = 0
    let left = false
    return {
      reserve: (bytes) => {
        if (this.#bytes + bytes > this.#limits.bodyBytes)
          throw busy('the gateway holds as many request bytes as it may')
        reserved += bytes
        this.#bytes += bytes
      },
      leave: () => {
        if (left) return
        left = true
        this.#bytes -= reserved
        this.#calls -= 1
        this.#perPrincipal.remove(principalKey)
      },
    }
  }
}

function busy(message: string): GatewayError {
  return new GatewayError('overloaded', `${message}; try again in a second`, { retryAfter: 1 })
}
