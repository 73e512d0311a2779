import { clientsBehind, type Clients } from '#/access/client-address.ts'
import type { OpenCatalog } from '#/catalog/keeper.ts'
import type { Config } from '#/config/config.ts'
import { keepForClients } from '#/lib/kept-headers.ts'
import type { Deadlines } from '#/lib/deadlines.ts'
import type { Database } from '#/store/store.ts'
import { userStore } from '#/store/users-store.ts'
import { makeProxied, type MakeUser } from '#/users/make-proxied.ts'
import { placesBounded } from '#/users/sign-in-places.ts'
import { settledIn } from './routes.ts'

interface ProxyParts {
  readonly config: Pick<Config, 'proxy'>
  readonly db: Database
  readonly catalog: OpenCatalog
  readonly deadlines: Deadlines
}

/** Each is made once; whoever comes again is known. */
const MAKING = { limit: 4, waiting: 64, maxWaitMs: 5_000, perNetwork: 16 }

/** Who and where clients are, as far as proxies have a say in it. */
export function openProxy({ config: { proxy }, db, catalog, deadlines }: ProxyParts): {
  readonly clients: Clients
  readonly makeUser: MakeUser | undefined
} {
  const clients = clientsBehind(proxy)
  if (proxy !== null && proxy.userHeader !== null) keepForClients(proxy.userHeader)
  if (proxy?.makesUsers !== true) return { clients, makeUser: undefined }
  const places = placesBounded(deadlines, MAKING)
  return { clients, makeUser: makeProxied({ store: userStore(db), clients, settled: settledIn(catalog), places }) }
}
