import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { makeFolder } from '#/lib/make-folder.ts'
import { sealer } from '#/access/sealing.ts'
import { ArchiveFault } from '#/backup/archive-fault.ts'
import { openArchive, verified, writeArchive, type Manifest, type Rows } from '#/backup/archive.ts'
import type { Config } from '#/config/config.ts'
import { adoptSecrets, parseKeyRing, readSecrets } from '#/config/secrets.ts'
import { openDump } from '#/store/archive-dump.ts'
import { restoreDump } from '#/store/archive-restore.ts'
import { setAsideOtherMajor } from '#/supervisor/embedded-cluster.ts'
import { FolderInUse, lockFolder } from '#/supervisor/embedded-lock.ts'
import { runningEmbeddedUrl, startEmbedded } from '#/supervisor/embedded-postgres.ts'
import type { Logger } from '#/telemetry/logger.ts'
import { auditKeyOpener } from './keyring.ts'
import { openLog } from './machine.ts'
import { witnessFile } from './witnessing.ts'

export interface Archiving {
  /** The archive's file. */
  readonly path: string
  readonly passphrase: string
  readonly product: string
  readonly signal: AbortSignal
  /** What goes on, and how many rows of it are done. */
  readonly progress: (step: string, rows?: number) => void
}

export interface BackedUp {
  readonly bytes: number
  readonly manifest: Manifest
}

/** Writes all of the database and the keys of its secrets into a new file, whether the gateway runs or not. */
export async function backUp(
  config: Config,
  archiving: Archiving & { readonly overwrite: boolean },
): Promise<BackedUp> {
  const { path, passphrase, product, progress } = archiving
  const target = resolve(path)
  await refuseTaken(target, archiving.overwrite)
  await using building = new AsyncDisposableStack()
  const secrets = await readSecrets(config.dataDir)
  progress('opening the database')
  const dump = building.use(await openDump(await databaseToRead(config, building)))
  const draft = `${target}.${process.pid}.part`
  building.defer(() => rm(draft, { force: true }))
  await using file = await open(draft, 'wx', 0o600)
  const { migrations, postgres, tables } = dump
  const opening = { migrations, postgres, tables, secrets }
  const about = { product, madeAt: new Date().toISOString() }
  const rows = counted(dump.rows(), archiving)
  const manifest = await writeArchive(file, { about, passphrase, opening, rows })
  const { size } = await file.stat()
  await rename(draft, target)
  return { bytes: size, manifest }
}

async function refuseTaken(target: string, overwrite: boolean): Promise<void> {
  const found = await stat(target).catch(() => null)
  if (found?.isDirectory() === true) throw new ArchiveFault(`${target} is a folder: name a file`)
  if (found !== null && !overwrite)
    throw new ArchiveFault(`${target} exists already: name another file, or say --overwrite`)
  await makeFolder(dirname(target), 0o777)
}

/** The embedded database is the one that runs, or is run for as long as this takes. */
async function databaseToRead(config: Config, building: AsyncDisposableStack): Promise<string> {
  // Around the pooler, where there is one: a long transaction would keep one of its connections.
  if (config.database.url !== null) return config.database.directUrl ?? config.database.url
  const { dataDir } = config
  const made = await stat(join(dataDir, 'postgres', 'data')).catch(() => null)
  if (made === null)
    throw new ArchiveFault(
      `there is no database in ${dataDir}: set CAUSEWAY_DATA_DIR or DATABASE_URL to the one that is meant`,
    )
  try {
    return building.use(await startEmbedded({ dataDir, log: openLog(config) })).url
  } catch (error) {
    const url = error instanceof FolderInUse ? await runningEmbeddedUrl(dataDir) : null
    if (url === null) throw error
    return url
  }
}

async function* counted(rows: AsyncIterable<Rows>, { signal, progress }: Archiving): AsyncGenerator<Rows> {
  let table = ''
  let count = 0
  for await (const some of rows) {
    signal.throwIfAborted()
    count = some.table === table ? count + some.rows.length : some.rows.length
    table = some.table
    progress(`reading ${table}`, count)
    yield some
  }
}

export interface Restored {
  readonly product: string
  readonly madeAt: string
  readonly manifest: Manifest
  /** Where the cluster of another PostgreSQL is kept that was in the way. */
  readonly keptAside: string | null
}

/** Reads the whole archive before anything is written, then makes database and data folder what it holds, all or nothing. */
export async function restore(config: Config, archiving: Archiving & { readonly replace: boolean }): Promise<Restored> {
  const { path, passphrase, replace, progress, signal, product } = archiving
  const archive = await openArchive(path, passphrase)
  const manifest = await verified(archive, (rows) => {
    signal.throwIfAborted()
    progress('checking the archive', rows)
  })
  await using building = new AsyncDisposableStack()
  const log = openLog(config)
  const { url, keptAside } = await databaseToWrite(config, { replace, building, log })
  const { madeAt, product: madeBy } = archive.header
  await restoreDump({
    url,
    log,
    signal,
    replace,
    opening: archive.opening,
    rows: archive.rows(),
    detail: { madeAt, madeBy, restoredBy: product },
    progress: (table, rows) => progress(`restoring ${table}`, rows),
    beforeCommit: () => adoptSecrets(config.dataDir, archive.opening.secrets),
    auditKey: auditKeyOpener(sealer(parseKeyRing(archive.opening.secrets.keyRing, 'the key ring of the archive'))),
  })
  // What this machine knew was of the log that was there before.
  await witnessFile(config.dataDir).forget()
  return { product: madeBy, madeAt, manifest, keptAside }
}

interface Writing {
  readonly replace: boolean
  readonly building: AsyncDisposableStack
  readonly log: Logger
}

async function databaseToWrite(
  config: Config,
  { replace, building, log }: Writing,
): Promise<{ readonly url: string; readonly keptAside: string | null }> {
  const { dataDir, database } = config
  if (database.url !== null) {
    building.use(await lockFolder(dataDir))
    return { url: database.directUrl ?? database.url, keptAside: null }
  }
  const keptAside = replace ? await withLock(dataDir, () => setAsideOtherMajor(join(dataDir, 'postgres'))) : null
  return { url: building.use(await startEmbedded({ dataDir, log })).url, keptAside }
}

async function withLock<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  await using _lock = await lockFolder(dataDir)
  return await work()
}
