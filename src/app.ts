import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { IncomingMessage } from 'node:http'
import { bearerIn, bearerOf } from '#/access/bearer.ts'
import { checkKeyRing } from '#/access/canaries.ts'
import { identifier } from '#/access/principal-of.ts'
import type { Principal } from '#/access/principal.ts'
import type { Endpoint } from '#/api/endpoint.ts'
import { sealer, type KeyRing, type Sealer } from '#/access/sealing.ts'
import { mintToken } from '#/access/token-format.ts'
import type { Calls } from '#/calls/call.ts'
import { createCalls } from '#/calls/invoke.ts'
import { restCalls } from '#/calls/for-rest.ts'
import { recordingLog } from '#/calls/record.ts'
import { openCatalog, type OpenCatalog } from '#/catalog/keeper.ts'
import type { Config } from '#/config/config.ts'
import { isLoopback } from '#/config/read-settings.ts'
import { loadSecrets, type Secrets } from '#/config/secrets.ts'
import { gatewayEndpoints } from '#/gateways/gateway-endpoints.ts'
import { Admission } from '#/http/admission.ts'
import { openFrontDoor, type FrontDoor } from '#/http/front-door.ts'
import { createOps } from '#/http/ops.ts'
import { requestGuard } from '#/http/request-guard.ts'
import { restApp } from '#/http/rest.ts'
import { Sessions, type SessionFact } from '#/http/session.ts'
import { createDeadlines, type Deadlines } from '#/lib/deadlines.ts'
import { Recorder } from '#/records/recorder.ts'
import { SpillFile } from '#/records/spill-file.ts'
import { catalogReader } from '#/store/catalog-store.ts'
import { openDatabase, type OpenDatabase } from '#/store/database.ts'
import { gatewayStore } from '#/store/gateway-store.ts'
import { canaryStore } from '#/store/key-store.ts'
import { listen } from '#/store/listen.ts'
import { toolStore } from '#/store/tool-store.ts'
import { toolEndpoints } from '#/tools/tool-endpoints.ts'
import { promptStore } from '#/store/prompt-store.ts'
import { promptEndpoints } from '#/prompts/prompt-endpoints.ts'
import { resourceEndpoints } from '#/resources/resource-endpoints.ts'
import { serverEndpoints } from '#/servers/server-endpoints.ts'
import { resourceStore } from '#/store/resource-store.ts'
import { serverStore } from '#/store/server-store.ts'
import { tokenStore } from '#/store/token-store.ts'
import { administratorStore } from '#/store/user-store.ts'
import { ensureAdministrator } from '#/tokens/administrator.ts'
import { tokenEndpoints } from '#/tokens/token-endpoints.ts'
import { migrate } from '#/store/migrate.ts'
import { recordSink } from '#/store/record-store.ts'
import { startEmbedded } from '#/supervisor/embedded-postgres.ts'
import type { Fact } from '#/supervisor/messages.ts'
import type { PrepareContext, Prepared, Worker, WorkerLink } from '#/supervisor/link.ts'
import { callFinished, recordsLost } from '#/telemetry/events.ts'
import { createLogger, type Logger } from '#/telemetry/logger.ts'
import { createMetrics, mergeMetrics, type MetricsData } from '#/telemetry/metrics.ts'
import { createUpstreams, type UpstreamParts } from '#/upstream/create-upstreams.ts'

/** What each worker is given by the process that prepared the machine. Survives structured clone. */
export interface ForWorkers {
  readonly databaseUrl: string
  readonly poolSize: number
  readonly keyRing: KeyRing
}

export interface PreparedMachine extends Prepared<ForWorkers> {
  /** The administrator's token where this start made it; shown once. */
  readonly newAdminToken: string | null
}

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
  version: string
}
export const VERSION = version

export function openLog(config: Config): Logger {
  return createLogger({ level: config.logLevel, worker: 'supervisor' })
}

/** What only one process of the machine does: keys, the database and its schema, the administrator, LISTEN. */
export async function prepare(config: Config, log: Logger, context: PrepareContext): Promise<PreparedMachine> {
  await using building = new AsyncDisposableStack()
  const secrets = await loadSecrets(config.dataDir, () => mintToken().text)
  const url = config.database.url ?? (await embedded(config, log, { context, building }))
  const directUrl = config.database.directUrl ?? url
  context.progress('checking the database')
  await migrate({ url: directUrl, log, signal: context.signal })
  await settle(config, { url, log, secrets })
  building.use(listen({ url: directUrl, log, onSeq: context.wake, onConnect: () => context.wake(null) }))
  const owned = building.move()
  return {
    forWorkers: { databaseUrl: url, poolSize: poolShare(config), keyRing: secrets.keyRing },
    newAdminToken: secrets.adminTokenIsNew ? secrets.adminToken : null,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

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
  await using db = await openDatabase({ url, poolSize: 1, log })
  await checkKeyRing(sealer(secrets.keyRing), canaryStore(db))
  await ensureAdministrator(administratorStore(db), { email: config.adminEmail, token: secrets.adminToken })
}

/** Connections of one worker: the machine's, shared out, at least one each. */
function poolShare({ database, workers }: Config): number {
  return Math.max(1, Math.floor(database.poolSize / workers))
}

/** One worker: everything that answers requests, built bottom-up and torn down in reverse. */
export async function startWorker(config: Config, prepared: ForWorkers, link: WorkerLink): Promise<Worker> {
  await using building = new AsyncDisposableStack()
  const log = createLogger({ level: config.logLevel, worker: `w${link.index}` })
  const db = building.use(await openDatabase({ url: prepared.databaseUrl, poolSize: prepared.poolSize, log }))
  const keys = sealer(prepared.keyRing)
  const catalog = building.use(await openCatalog({ reader: catalogReader(db), log }))
  link.onWake((seq) => catalog.wake(seq ?? catalog.current.seq + 1))
  const core = { config, link, log, db, keys, catalog, deadlines: createDeadlines(), admission: new Admission() }
  const records = await openRecords(core, building)
  const upstream = building.use(openUpstreams(core))
  const calls = createCalls({ catalog, upstreams: upstream.upstreams, log: records.log })
  const door = await openDoor(core, { calls, upstream, building })
  link.serve(door.server)
  const owned = building.move()
  return {
    quiesce: () => door.quiesce(),
    drain: (hurry) => door.drain(hurry),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** What every part of a worker stands on. */
interface Core {
  readonly config: Config
  readonly link: WorkerLink
  readonly log: Logger
  readonly db: OpenDatabase
  readonly keys: Sealer
  readonly catalog: OpenCatalog
  readonly deadlines: Deadlines
  readonly admission: Admission
}

/** Usage records, metrics and log of every call. */
async function openRecords({ config, link, log, db, catalog, admission }: Core, building: AsyncDisposableStack) {
  const writer = `w${link.index}`
  const path = join(config.dataDir, `records-${writer}.spill`)
  const lost = (count: number, why: { why: string; err?: unknown }): void => recordsLost(telemetry, count, why)
  const spill = await SpillFile.open({ path, maxBytes: SPILL_BYTES, onLost: (count, why) => lost(count, { why }) })
  const recorder = building.use(
    new Recorder({
      sink: recordSink(db),
      spill,
      writer,
      epoch: randomUUID(),
      onRefused: (count, err) => lost(count, { why: 'refused', err }),
    }),
  )
  const metrics = createMetrics({
    snapshotAgeMs: () => catalog.ageMs,
    callsInFlight: () => admission.inFlight,
    database: () => db.stats,
    records: () => recorder.stats,
  })
  const telemetry = { log, metrics }
  link.onCollect(() => metrics.data())
  const calls = recordingLog((record) => {
    recorder.record(record)
    callFinished(telemetry, record)
  })
  return { log: calls, telemetry }
}

const SPILL_BYTES = 64 << 20

function openUpstreams({ config, keys, deadlines }: Core): UpstreamParts {
  const { callTimeoutMs, connectTimeoutMs, allowPrivateNetworks } = config.upstream
  return createUpstreams({
    vault: {
      headers: ({ id, credential }) =>
        credential === null
          ? {}
          : (JSON.parse(keys.open(`credential:${id}`, credential).toString()) as Record<string, string>),
    },
    policy: { allowPrivate: allowPrivateNetworks ?? isLoopback(config.http.host) },
    limits: { totalMs: callTimeoutMs, connectMs: connectTimeoutMs },
    clientInfo: { name: 'causeway', version: VERSION },
    deadlines,
  })
}

interface DoorParts {
  readonly calls: Calls
  readonly upstream: UpstreamParts
  readonly building: AsyncDisposableStack
}

async function openDoor(core: Core, { calls, upstream, building }: DoorParts): Promise<FrontDoor> {
  const { config, link, log, keys, catalog, deadlines, admission } = core
  const guard = requestGuard({ publicUrl: config.http.publicUrl })
  const identify = identifier(catalog, config.snapshotMaxAgeMs)
  const authenticate = (request: IncomingMessage): Principal => identify(bearerOf(request.rawHeaders))
  const sessions = new Sessions({ sealer: keys, tell: (fact) => link.tell(factOf(fact)) })
  link.onFact('session', ({ value }) => sessions.apply(value as SessionFact))
  const rest = building.use(
    await restApp({
      endpoints: endpointsOf(core, { calls, upstream }),
      authenticate: (headers) => identify(bearerIn(headers.authorization)),
      checkHost: () => {},
      bodyLimit: config.http.bodyLimit,
      log,
    }),
  )
  const readiness = () => ({ ready: !door.quiet, degraded: degradedBy(catalog) })
  const metrics = async (): Promise<string> => await mergeMetrics((await link.collect()) as MetricsData[])
  const door = openFrontDoor({
    guard,
    mcp: {
      authenticate,
      admission,
      catalog,
      calls,
      sessions,
      sealer: keys,
      deadlines,
      bodyLimit: config.http.bodyLimit,
      serverInfo: Buffer.from(JSON.stringify({ name: 'causeway', version: VERSION })),
    },
    ops: createOps({ authenticate, readiness, metrics }),
    rest: rest.handler,
  })
  return door
}

/** The database is asked several times a second: silence for this long means that it is away. */
const SILENCE_MS = 3_000

function degradedBy({ ageMs }: OpenCatalog): readonly string[] {
  if (ageMs < SILENCE_MS) return []
  return [
    `the database has not answered for ${Math.round(ageMs / 1000)} s: calls and lists are served from the last snapshot, changes are refused`,
  ]
}

function factOf(fact: SessionFact): Fact {
  const expiresAt = fact.kind === 'cancelled' ? Date.now() + 60_000 : fact.until
  return { topic: 'session', key: `${fact.kind} ${fact.session}`, value: fact, expiresAt }
}

/** The REST routes of all nouns. */
export function endpointsOf(
  core: Core,
  { calls, upstream }: Pick<DoorParts, 'calls' | 'upstream'>,
): readonly Endpoint[] {
  const { db, catalog, keys } = core
  const settled = async (seq: number | null): Promise<void> => {
    if (seq !== null) await catalog.applied(seq, SETTLE_MS).catch(() => {})
  }
  const rest = restCalls(calls, catalog)
  return [
    ...gatewayEndpoints({ store: gatewayStore(db), discoverer: upstream.discoverer, sealer: keys, settled }),
    ...toolEndpoints({ store: toolStore(db), invoker: { call: rest.tool }, settled }),
    ...promptEndpoints({ store: promptStore(db), getter: { get: rest.prompt }, settled }),
    ...resourceEndpoints({ store: resourceStore(db), content: { read: rest.resource }, settled }),
    ...serverEndpoints({ store: serverStore(db), settled }),
    ...tokenEndpoints({ store: tokenStore(db), settled }),
  ]
}

/** How long the answer to a write waits for this worker's own snapshot. */
const SETTLE_MS = 1_000
