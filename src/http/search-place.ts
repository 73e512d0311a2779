import { GatewayError } from '#/errors/gateway-error.ts'
import { Bulkhead, BulkheadRefusal } from '#/lib/bulkhead.ts'
import type { Deadlines } from '#/lib/deadlines.ts'

/** Each goes through everything in slices: two at a time would hold others up for two slices. */
const BOUNDS = { limit: 1, waiting: 64, maxWaitMs: 5_000 }

/** A place to search in. */
export function searchPlace(deadlines: Deadlines): (signal: AbortSignal) => Promise<Disposable> {
  const bulkhead = new Bulkhead(BOUNDS, deadlines)
  return async (signal) => {
    try {
      return await bulkhead.take(signal)
    } catch (cause) {
      if (!(cause instanceof BulkheadRefusal)) throw cause
      throw new GatewayError('overloaded', 'very many search at the moment: try again in a moment', { retryAfter: 2 })
    }
  }
}
