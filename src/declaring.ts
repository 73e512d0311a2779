import type { Sealer } from '#/access/sealing.ts'
import type { OpenCatalog } from '#/catalog/keeper.ts'
import type { Config } from '#/config/config.ts'
import { declareAtStart, type DeclaredLog } from '#/declared/at-start.ts'
import type { DeclaredSource } from '#/declared/open-file.ts'
import type { GatewayDeps } from '#/gateways/gateway-deps.ts'
import { declaredStore } from '#/store/declared-store.ts'
import { gatewayStore } from '#/store/gateway-store.ts'
import { rehearsed } from '#/store/rehearsal.ts'
import { serverStore } from '#/store/server-store.ts'
import type { Database } from '#/store/store.ts'
import { tokenStore } from '#/store/token-store.ts'
import type { WorkerLink } from '#/supervisor/link.ts'
import { foreseeIn, freshIn, settledIn } from './routes.ts'

interface Parts {
  readonly config: Config
  readonly db: Database
  readonly catalog: OpenCatalog
  readonly keys: Sealer
  readonly link: WorkerLink
  readonly log: DeclaredLog
}

const DONE = 'declared'

/** One worker makes be there what the file declares, and tells the others when that is done. */
export function declareOnce(
  { config, db, catalog, keys, link, log }: Parts,
  { discoverer, addresses }: Pick<GatewayDeps, 'discoverer' | 'addresses'>,
  source: DeclaredSource | null,
): AsyncDisposable {
  let isDone = false
  link.onFact(DONE, () => (isDone = true))
  if (source === null || link.index !== 0) return new AsyncDisposableStack()
  const settled = settledIn(catalog)
  const foresee = foreseeIn(freshIn(db, catalog))
  return declareAtStart({
    source,
    log,
    dataDir: config.dataDir,
    adminEmail: config.adminEmail,
    isDone: () => isDone,
    done: () => link.tell({ topic: DONE, key: DONE, value: true, expiresAt: Number.MAX_SAFE_INTEGER }),
    deps: {
      store: declaredStore(db),
      gateways: {
        ...rehearsed(db, gatewayStore),
        discoverer,
        addresses,
        sealer: keys,
        foresee,
        settled,
      },
      servers: { ...rehearsed(db, serverStore), foresee, settled },
      tokens: { ...rehearsed(db, tokenStore), foresee, settled },
    },
  })
}
