import { GatewayError } from '#/errors/gateway-error.ts'
import { Bulkhead, BulkheadRefusal, type BulkheadOptions } from '#/lib/bulkhead.ts'
import { Counts } from '#/lib/counts.ts'
import type { Deadlines } from '#/lib/deadlines.ts'

/** A hash takes a core for its time: a worker computes one after the other, and calls have what is left. */
const HASHES = { limit: 1, waiting: 64, maxWaitMs: 5_000, perNetwork: 16 }

export interface PlaceBounds extends BulkheadOptions {
  /** How many of one network may wait or be inside, so that who sends very many does not keep others out. */
  readonly perNetwork: number
}

type Places = (network: string, signal: AbortSignal) => Promise<Disposable>

/** Places to compute a password's hash. */
export const signInPlaces = (deadlines: Deadlines): Places => placesBounded(deadlines, HASHES)

/** Places for what signing in takes, of which no network has more than its share. */
export function placesBounded(deadlines: Deadlines, { perNetwork, ...bounds }: PlaceBounds): Places {
  const bulkhead = new Bulkhead(bounds, deadlines)
  const taken = new Counts()
  return async (network, signal) => {
    if (taken.of(network) >= perNetwork) throw busy('you sign in very often at the same time')
    taken.add(network)
    using held = new DisposableStack()
    held.defer(() => taken.remove(network))
    try {
      held.use(await bulkhead.take(signal))
    } catch (cause) {
      throw cause instanceof BulkheadRefusal ? busy('very many sign in at the moment') : cause
    }
    return held.move()
  }
}

function busy(why: string): GatewayError {
  return new GatewayError('overloaded', `${why}: try again in a moment`, { retryAfter: 2 })
}
