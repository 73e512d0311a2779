import type { Sealer } from '#/access/sealing.ts'
import { openCatalog, type OpenCatalog } from '#/catalog/keeper.ts'
import { readSavedCatalog, savedFolder, type SavedCatalog, type SavedPlace } from '#/catalog/saved.ts'
import { keepSaved } from '#/catalog/saving.ts'
import type { Config } from '#/config/config.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { catalogReader } from '#/store/catalog-store.ts'
import type { OpenDatabase } from '#/store/database.ts'
import { placeOf } from '#/store/place.ts'
import type { WorkerLink } from '#/supervisor/link.ts'
import type { Logger } from '#/telemetry/logger.ts'

interface Parts {
  readonly config: Config
  readonly link: WorkerLink
  readonly log: Logger
  readonly db: OpenDatabase
  readonly keys: Sealer
  readonly version: string
}

/**
 * A worker's catalog: of the database or, where the operator wants it so, of the disk while that is away. One worker writes it there:
 * the first, from the state that it has anyway.
 */
export async function openKeptCatalog(parts: Parts, building: AsyncDisposableStack): Promise<OpenCatalog> {
  const { config, link, log, db } = parts
  const place = placeFor(parts)
  const from = { reader: catalogReader(db), log, signal: link.gone }
  const saved = (): Promise<SavedCatalog | null> =>
    place === null ? Promise.resolve(null) : fromDisk(place, config.snapshotMaxAgeMs, log)
  const catalog = building.use(await openCatalog({ ...from, saved }))
  if (place !== null && link.index === 0) building.use(keepSaved({ catalog, place, log }))
  return catalog
}

/** null: nothing is kept on disk. */
function placeFor({ config, keys, version }: Parts): SavedPlace | null {
  const { url, startWithout } = config.database
  if (url === null || !startWithout) return null
  return { folder: savedFolder(config.dataDir), sealer: keys, database: placeOf(url), version }
}

async function fromDisk(place: SavedPlace, maxAgeMs: number, log: Logger): Promise<SavedCatalog | null> {
  try {
    const saved = await readSavedCatalog(place, maxAgeMs)
    const heard = new Date(saved.heardAt).toISOString()
    const words = `the database is away: serving the snapshot on disk, current at ${heard}, until it is back`
    log.warn({ event: 'snapshot.from_disk', seq: saved.state.seq, heard }, words)
    return saved
  } catch (cause) {
    const words = 'the snapshot on disk cannot be used; the database is waited for'
    log.warn({ event: 'snapshot.refused', reason: GatewayError.from(cause).message }, words)
    return null
  }
}
