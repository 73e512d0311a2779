import { checkKeyRing } from '#/access/canaries.ts'
import { sealer, type KeyRing } from '#/access/sealing.ts'
import { mintToken } from '#/access/token-format.ts'
import type { Config } from '#/config/config.ts'
import { loadSecrets, readKeyRing, type Secrets } from '#/config/secrets.ts'
import type { DeclaredSource } from '#/declared/open-file.ts'
import { auditKeyMaker } from '#/keys/audit-key.ts'
import { auditKeyStore } from '#/store/audit-key-store.ts'
import { openDatabase } from '#/store/database.ts'
import { canaryStore } from '#/store/key-store.ts'
import { listen } from '#/store/listen.ts'
import { migrate } from '#/store/migrate.ts'
import { administratorStore } from '#/store/user-store.ts'
import { lockFolder } from '#/supervisor/embedded-lock.ts'
import { startEmbedded } from '#/supervisor/embedded-postgres.ts'
import { onDemand, type OnDemand } from '#/supervisor/on-demand.ts'
import type { PrepareContext, Prepared } from '#/supervisor/link.ts'
import type { WorkerEntry } from '#/supervisor/worker-process.ts'
import { RETIREMENTS } from '#/stdio/launch.ts'
import type { HostConfig } from '#/stdio/run-host.ts'
import { createLogger, type Logger } from '#/telemetry/logger.ts'
import { ensureAdministrator } from '#/tokens/administrator.ts'
import { auditKeyOpener } from './keyring.ts'
import { settleDatabase } from './settling.ts'

/** What each worker is given by the process that prepared the machine. Survives structured clone. */
export interface ForWorkers {
  readonly databaseUrl: string
  readonly poolSize: number
  readonly keyRing: KeyRing
  /** Where the host of stdio servers listens; null: there is none. */
  readonly stdioPath: string | null
  /** What a file wants to be there; null: no file says. */
  readonly declared: DeclaredSource | null
}

export interface PreparedMachine extends Prepared<ForWorkers> {
  /** The administrator's token where this start made it; shown once. */
  readonly newAdminToken: string | null
}

/** What is to run as the host of stdio servers. */
export interface HostEntry {
  readonly entry: WorkerEntry
  readonly version: string
}

export function openLog(config: Config): Logger {
  return createLogger({ level: config.logLevel, worker: 'supervisor' })
}

/** What only one process of the machine does: keys, the database and its schema, the administrator, LISTEN. */
export async function prepare(
  config: Config,
  host: HostEntry,
  context: PrepareContext & { readonly log: Logger; readonly declared: DeclaredSource | null },
): Promise<PreparedMachine> {
  const { log, declared } = context
  await using building = new AsyncDisposableStack()
  const secrets = await loadSecrets(config.dataDir, () => mintToken().text)
  // The embedded PostgreSQL locks the folder itself.
  if (config.database.url !== null) building.use(await lockFolder(config.dataDir))
  const url = config.database.url ?? (await embedded(config, log, { context, building }))
  const directUrl = config.database.directUrl ?? url
  const settleAll = async (signal: AbortSignal): Promise<void> => {
    await migrate({ url: directUrl, log, signal })
    await settle(config, { url, log, secrets })
  }
  context.progress('checking the database')
  building.use(await settleDatabase({ config, url: directUrl, log, settle: settleAll, signal: context.signal }))
  building.use(listen({ url: directUrl, log, onSeq: context.wake, onConnect: () => context.wake(null) }))
  const stdio = config.stdio.enabled ? building.use(await stdioHost(config, { host, log })) : null
  const owned = building.move()
  return {
    forWorkers: {
      databaseUrl: url,
      poolSize: poolShare(config),
      keyRing: secrets.keyRing,
      stdioPath: stdio?.path ?? null,
      declared,
    },
    heard: (fact) => fact.topic === RETIREMENTS && stdio?.tell(fact),
    newAdminToken: secrets.adminTokenIsNew ? secrets.adminToken : null,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** The host of stdio servers, in a process of its own that starts when somebody first needs it. */
function stdioHost(config: Config, { host, log }: { host: HostEntry; log: Logger }): Promise<OnDemand> {
  const { maxProcesses, idleMs, memoryBytes } = config.stdio
  const limits = { memoryBytes, openFiles: OPEN_FILES }
  const hostConfig: HostConfig = { maxProcesses, idleMs, limits, version: host.version }
  return onDemand({ dataDir: config.dataDir, name: 'stdio.sock', entry: host.entry, config: hostConfig, log })
}

/** Of each process of a stdio server. */
const OPEN_FILES = 4096

interface Starting {
  readonly context: PrepareContext
  readonly building: AsyncDisposableStack
}

async function embedded(config: Config, log: Logger, { context, building }: Starting): Promise<string> {
  context.progress('starting the embedded PostgreSQL')
  const postgres = building.use(await startEmbedded({ dataDir: config.dataDir, log }))
  return postgres.url
}

/** The ring fits the database, and the administrator and their token exist. */
async function settle(
  config: Config,
  { url, log, secrets }: { url: string; log: Logger; secrets: Secrets },
): Promise<void> {
  // As it is now: keys may have been rotated since this machine was started.
  const ring = sealer(readKeyRing(config.dataDir))
  await using db = await openDatabase({ url, poolSize: 1, log, auditKey: auditKeyOpener(ring) })
  await checkKeyRing(ring, canaryStore(db))
  const after = await auditKeyStore(db).begin(auditKeyMaker(ring))
  if (after !== null && after > 0)
    log.info({ event: 'audit.sealed', after }, 'the audit log is sealed from here on, and up to here as it was found')
  const found = await ensureAdministrator(administratorStore(db), {
    email: config.adminEmail,
    token: secrets.adminToken,
  })
  if (found !== 'revoked') return
  const cure = `delete ${config.dataDir}/admin-token, and the next start makes a new one`
  log.warn({ event: 'administrator.revoked' }, `the administrator's token was revoked: ${cure}`)
}

/** Connections of one worker: the machine's, shared out, at least one each. */
function poolShare({ database, workers }: Config): number {
  return Math.max(1, Math.floor(database.poolSize / workers))
}
