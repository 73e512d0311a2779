import type { Bulkhead } from '#/lib/bulkhead.ts'
import type { GatewayCare } from './care.ts'
import type { GatewayReader, GatewayWriter } from './gateway-store.ts'

type Store = GatewayReader & GatewayWriter & GatewayCare

/**
 * The store for work that nobody waits for: it asks in turn, so many at a time as there are places. When hundreds of discoveries end
 * together, a request finds a few of them before it at the database and not all.
 */
export function inTurn(store: Store, places: Bulkhead): Store {
  const queued =
    <Given extends unknown[], T>(ask: (...given: Given) => Promise<T>) =>
    async (...given: Given): Promise<T> => {
      using _place = await places.take()
      return await ask(...given)
    }
  return {
    ...store,
    byId: queued(store.byId),
    known: queued(store.known),
    applied: queued(store.applied),
    note: queued(store.note),
  }
}
