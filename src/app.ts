import { hash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { identifier, type Identify } from '#/access/principal-of.ts'
import type { Principal } from '#/access/principal.ts'
import type { UnderWay } from '#/access/under-way.ts'
import type { RotatingSealer } from '#/access/rotating-sealer.ts'
import { EventStreams } from '#/api/event-streams.ts'
import { strictEdge } from '#/api/strict-edge.ts'
import type { Calls } from '#/calls/call.ts'
import { createCalls } from '#/calls/invoke.ts'
import { localItems } from '#/calls/local-items.ts'
import type { RingKeeper } from '#/keys/keys.ts'
import { CatalogWatch } from '#/catalog/watch.ts'
import type { OpenCatalog } from '#/catalog/keeper.ts'
import type { Config } from '#/config/config.ts'
import { isLoopback } from '#/config/read-settings.ts'
import { openIdentity } from '#/gateways/dial-options.ts'
import { openEnvironment } from '#/gateways/stdio-declaration.ts'
import { Admission, ADMISSION_LIMITS } from '#/http/admission.ts'
import {
  authenticator,
  bearer,
  callerIn,
  routeOf,
  whence,
  type AuthenticatorOptions,
  type Knowing,
} from '#/http/authenticate.ts'
import type { Notice } from '#/http/arrival.ts'
import { openFrontDoor, type FrontDoor } from '#/http/front-door.ts'
import { readinessBy } from '#/http/degraded.ts'
import { createOps } from '#/http/ops.ts'
import { ownPages, type OwnPages } from '#/http/own-page.ts'
import { requestGuard } from '#/http/request-guard.ts'
import { resourceServer } from '#/http/rest-well-known.ts'
import { restApp, type RestApp, type RestOptions } from '#/http/rest.ts'
import { searchPlace } from '#/http/search-place.ts'
import { Sessions, type SessionFact } from '#/http/session.ts'
import { webAnswers } from '#/http/web-answers.ts'
import { lenientEdge } from '#/lenience/lenient-edge.ts'
import { createDeadlines, type Deadlines } from '#/lib/deadlines.ts'
import { outsideTransaction } from '#/lib/held-connection.ts'
import { openDatabase, type OpenDatabase } from '#/store/database.ts'
import { gatewayCareStore } from '#/store/gateway-care-store.ts'
import { CALLER_HEADER } from '#/stdio/launch.ts'
import type { Worker, WorkerLink } from '#/supervisor/link.ts'
import type { Fact } from '#/supervisor/messages.ts'
import { createLogger, type Logger } from '#/telemetry/logger.ts'
import { mergeMetrics, type MetricsData } from '#/telemetry/metrics.ts'
import { toolHeaders } from '#/tools/tool-backing.ts'
import { createUpstreams, type UpstreamParts } from '#/upstream/create-upstreams.ts'
import { signInPlaces } from '#/users/sign-in-places.ts'
import { declareOnce } from './declaring.ts'
import { auditKeyOpener, openKeyRing } from './keyring.ts'
import { keepHouse } from './housekeeping.ts'
import type { ForWorkers } from './machine.ts'
import { openForeignTokens } from './foreign.ts'
import { openPosture } from './posture.ts'
import { openProxy } from './proxy.ts'
import { openMeter, openRecords } from './recording.ts'
import { openRefusals, type RefusalParts, type Refusals } from './refusals.ts'
import { reviewing } from './reviewing.ts'
import { routesOf } from './routes.ts'
import { openKeptCatalog } from './saving.ts'
import { openSso } from './sso.ts'
import { keepWitness, witnessFile } from './witnessing.ts'

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
  version: string
}

/** One worker: everything that answers requests, built bottom-up and torn down in reverse. */
export async function startWorker(config: Config, prepared: ForWorkers, link: WorkerLink): Promise<Worker> {
  await using building = new AsyncDisposableStack()
  const log = createLogger({ level: config.logLevel, worker: `w${link.index}` })
  const { keys, ring } = openKeyRing(config.dataDir, prepared.keyRing, link)
  const { databaseUrl: url, poolSize } = prepared
  const db = building.use(await openDatabase({ url, poolSize, log, auditKey: auditKeyOpener(keys) }))
  const catalog = await openKeptCatalog({ config, link, log, db, keys, version }, building)
  link.onWake((seq) => catalog.wake(seq ?? catalog.current.seq + 1))
  const writing = { writer: `w${link.index}`, epoch: randomUUID() }
  const meter = building.use(await openMeter({ config, db }, writing))
  const foreign = openForeignTokens(config, { log, link, getJson: (url) => upstream.getJson(url) })
  const identify = identifier(catalog, { maxAgeMs: config.snapshotMaxAgeMs, usage: meter, foreign })
  const underWay = building.use(reviewing(catalog, identify.again))
  const deadlines = createDeadlines()
  const admission = new Admission()
  const core = { config, link, log, db, keys, ring, catalog, identify, underWay, deadlines, admission }
  const records = await openRecords(core, { ...writing, meter, building })
  const upstream = building.use(openUpstreams(core, prepared.stdioPath))
  const ending = new AbortController()
  const calls = createCalls({
    catalog,
    upstreams: upstream.upstreams,
    local: localItems(upstream.httpTools),
    log: records.log,
    underWay,
    limits: ADMISSION_LIMITS,
  })
  const door = await openDoor(core, { calls, upstream, records, ending: ending.signal, building })
  building.use(keepHouse(core, upstream))
  if (link.index === 0)
    building.use(keepWitness({ dataDir: config.dataDir, db, catalog, openKey: auditKeyOpener(keys), log }))
  building.use(declareOnce(core, upstream, prepared.declared))
  link.serve(door.take)
  const owned = building.move()
  return {
    quiesce: () => {
      ending.abort()
      door.quiesce()
    },
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
  readonly keys: RotatingSealer
  readonly ring: RingKeeper
  readonly catalog: OpenCatalog
  readonly identify: Identify
  readonly underWay: UnderWay
  readonly deadlines: Deadlines
  readonly admission: Admission
}

function openUpstreams({ config, db, keys, deadlines }: Core, stdioPath: string | null): UpstreamParts {
  const { callTimeoutMs, connectTimeoutMs, allowPrivateNetworks } = config.upstream
  return createUpstreams({
    vault: {
      headers: ({ id, credential, stdio }, principal) => {
        if (stdio?.sharing === 'per_principal') return { [CALLER_HEADER]: callerOf(principal) }
        if (credential === null) return {}
        return JSON.parse(keys.open(`credential:${id}`, credential).toString()) as Record<string, string>
      },
      identity: (gateway) => openIdentity(gateway, keys),
      perPrincipal: ({ stdio }) => stdio?.sharing === 'per_principal',
    },
    toolVault: (tool) => toolHeaders(tool, keys),
    policy: { allowPrivate: allowPrivateNetworks ?? isLoopback(config.http.host) },
    limits: { totalMs: callTimeoutMs, connectMs: connectTimeoutMs },
    stdio: stdioPath === null ? null : { path: stdioPath, environment: (launch) => openEnvironment(launch, keys) },
    clientInfo: { name: 'causeway', version },
    // Where the database is away, whoever is due is looked at when it is back.
    turned: (id) => void outsideTransaction(() => gatewayCareStore(db).soon(id)).catch(() => {}),
    deadlines,
  })
}

/** Who has a process of their own where each principal has one. */
function callerOf({ key }: Principal): string {
  return hash('sha256', key, 'base64url')
}

interface DoorParts {
  readonly calls: Calls
  readonly upstream: UpstreamParts
  readonly records: RefusalParts
  /** Aborted when this worker is told to wind up. */
  readonly ending: AbortSignal
  readonly building: AsyncDisposableStack
}

async function openDoor(core: Core, { calls, upstream, records, ending, building }: DoorParts): Promise<FrontDoor> {
  const { config, link, db, keys, ring, catalog, deadlines, admission, identify } = core
  const { again, foreignEnd } = identify
  const { bodyLimit, publicUrl } = config.http
  const resources = resourceServer(config.jwt?.issuer ?? null, publicUrl)
  const refusals = openRefusals(core, records, building)
  const web = webAnswers(config.http)
  const pages = ownPages(publicUrl)
  const keeping = keepingOf(core, refusals, pages)
  const authenticate = authenticator(keeping)
  const sessions = openSessions(keys, link)
  const edge = config.http.restLenience ? lenientEdge : strictEdge
  const metrics = metricsOf(link)
  const endpoints = routesOf({
    db,
    catalog,
    keys,
    ring,
    calls,
    ...upstream,
    ending,
    prometheus: metrics,
    version,
    edge,
    limits: config.teams,
    publicUrl,
    ...openStreams(core, ending, building),
    resourceServer: resources,
    signIn: { ...config.signIn, places: signInPlaces(deadlines), failed: refusals.signInFailed, foreignEnd },
    sso: openSso(core, upstream),
    witness: witnessFile(config.dataDir).read,
    ...openLooks(core),
  })
  const rest = building.use(await openRest(core, refusals, { endpoints, edge, web, keeping, pages }))
  const door = openFrontDoor({
    web,
    guard: requestGuard(config.http),
    mcp: {
      authenticate,
      resources,
      again,
      admission,
      catalog,
      calls,
      sessions,
      sealer: keys,
      deadlines,
      bodyLimit,
      serverInfo: SERVER_INFO,
    },
    ops: createOps({
      authenticate,
      metrics,
      readiness: () => readinessBy(catalog, db.trouble, { maxAgeMs: config.snapshotMaxAgeMs, isQuiet: door.quiet }),
    }),
    rest: rest.handler,
    notice: noticeOf(refusals, keeping),
  })
  return door
}

/** Who is let in, by a token in the Authorization field or the word of a proxy. */
function keepingOf(
  core: Core,
  { unauthenticated: refused, uses }: Refusals,
  { requirePage }: OwnPages,
): AuthenticatorOptions {
  return { identify: core.identify, ...openProxy(core), credentialOf: bearer, refused, uses, requirePage }
}

interface RestParts extends Pick<RestOptions, 'endpoints' | 'edge' | 'web'> {
  readonly keeping: AuthenticatorOptions
  readonly pages: OwnPages
}

/** REST alone takes cookies: what calls tools is no page. */
async function openRest(
  { config, identify, underWay, admission }: Core,
  { failed }: Refusals,
  { keeping, pages: { credentialOf, browserOf }, ...routes }: RestParts,
): Promise<RestApp> {
  const { bodyLimit } = config.http
  const { again } = identify
  const { clients } = keeping
  const authenticate = authenticator({ ...keeping, credentialOf })
  return await restApp({ ...routes, authenticate, browserOf, again, underWay, admission, bodyLimit, clients, failed })
}

/** Refusals at the doors of MCP, and whose they were. */
function noticeOf(refusals: Refusals, knowing: Knowing): Notice {
  return ({ requestId, request }, error) => {
    const who = error.code === 'forbidden' ? callerIn(request, knowing) : null
    refusals.failed({ requestId, error, ...whence(request, knowing), who, route: routeOf(request) })
  }
}

/** Sessions of legacy clients, whose small facts all workers share. */
function openSessions(keys: Core['keys'], link: WorkerLink): Sessions {
  const sessions = new Sessions({ sealer: keys, tell: (fact) => link.tell(factOf(fact)) })
  link.onFact('session', ({ value }) => sessions.apply(value as SessionFact))
  return sessions
}

/** Raw JSON of who we are to clients. */
const SERVER_INFO = Buffer.from(JSON.stringify({ name: 'causeway', version }))

/** The metrics of all workers. */
const metricsOf = (link: WorkerLink) => async (): Promise<string> =>
  await mergeMetrics((await link.collect()) as MetricsData[])

/** What goes through everything there is, for whoever asks. */
function openLooks(core: Core) {
  return { posture: openPosture(core), searchPlace: searchPlace(core.deadlines) }
}

/** What is told of changes as they happen. */
function openStreams({ catalog, identify }: Core, ending: AbortSignal, building: AsyncDisposableStack) {
  const streams = building.use(new EventStreams({ again: identify.again, ending }))
  return { streams, watched: building.use(new CatalogWatch(catalog)) }
}

function factOf(fact: SessionFact): Fact {
  const named = { topic: 'session', key: `${fact.kind} ${fact.session}`, value: fact }
  return fact.kind === 'cancelled'
    ? { ...named, expiresAt: Date.now() + 60_000, once: true }
    : { ...named, expiresAt: fact.until }
}
