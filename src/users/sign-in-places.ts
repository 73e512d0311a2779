import { GatewayError } from '#/errors/gateway-error.ts'
import { Bulkhead, BulkheadRefusal, type BulkheadOptions } from '#/lib/bulkhead.ts'
import type { Deadlines } from '#/lib/deadlines.ts'

/** A hash takes a core for its time: a worker computes one after the other, and calls have what is left. */
const HASHES = { limit: 1, waiting: 64, maxWaitMs: 5_000 }
/** So that who sends very many does not keep others out. */
const WAITING_PER_NETWORK = 16

type Places = (network: string, signal: AbortSignal) => Promise<Disposable>

/** Places to compute a password's hash. */
export const signInPlaces = (deadlines: Deadlines): Places => placesBounded(deadlines, HASHES)

/** Places for what signing in takes, of which no network has more than its share. */
export function placesBounded(deadlines: Deadlines, bounds: BulkheadOptions): Places {
  const bulkhead = new Bulkhead(bounds, deadlines)
  const waiting = new Map<string, number>()
  return async (network, signal) => {
    const before = waiting.get(network) ?? 0
    if (before >= WAITING_PER_NETWORK) throw busy('you sign in very often at the same time')
    waiting.set(network, before + 1)
    try {
      return await bulkhead.take(signal)
    } catch (cause) {
      throw cause instanceof BulkheadRefusal ? busy('very many sign in at the moment') : cause
    } finally {
      const now = (waiting.get(network) ?? 1) - 1
      if (now === 0) waiting.delete(network)
      else waiting.set(network, now)
    }
  }
}

function busy(why: string): GatewayError {
  return new GatewayError('overloaded', `${why}: try again in a moment`, { retryAfter: 2 })
}
