import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownPostgres, sql, until } from '../../test/faults/site.ts'
import { workersOf, workersReady } from '../../test/faults/workers.ts'
import { write } from '../../test/faults/writes.ts'
import { startSlowServer } from '../../test/fixtures/slow-server.ts'
import { databaseRelay } from '../../test/support/database-relay.ts'
import { startGateway, type RunningGateway } from '../../test/support/gateway.ts'
import { steadyStream } from '../../test/support/steady-stream.ts'
import type { Fault, Finding } from './fault.ts'
import { exactly, least, none, noted, says, within } from './findings.ts'
import { makeToken, onBothWorkers, readiness, recovery, revokedToken } from './outage.ts'
import { caughtUp, isRefusal, REFUSED_MS, shown } from './under-load.ts'

const WORKERS = 2
/** Who may come in is on disk a second after it changed. */
const SAVED_MS = 1_500

function killAll(gateway: RunningGateway): void {
  for (const { pid } of gateway.processes()) process.kill(pid, 'SIGKILL')
}

const answers = (statuses: readonly number[], wanted: number): readonly string[] =>
  statuses.filter((status) => status !== wanted).map((status) => `status ${status}`)

/** One worker dies while the database is away: the one that takes its place begins with the snapshot, too. */
async function replacesWorker(gateway: RunningGateway): Promise<Finding> {
  const before = await workersReady(gateway)
  process.kill(workersOf(gateway)[0]?.pid ?? 0, 'SIGKILL')
  const ms = await until('a new worker is ready', async () => (await workersReady(gateway)) > before, 10_000)
  return within('until a worker that is killed meanwhile is replaced', { must: 2_000 }, ms)
}

interface Tokens {
  readonly good: { readonly id: string; readonly text: string }
  readonly revoked: string
}

/** What holds for a gateway that began without its database. */
async function whileAway(gateway: RunningGateway, { good, revoked }: Tokens): Promise<readonly Finding[]> {
  const { word, reasons } = await readiness(gateway.url)
  const writes = await Promise.all([
    write(gateway, 'POST /v1/tokens', { name: 'x' }),
    write(gateway, 'POST /v1/servers', { name: 'x' }),
    write(gateway, `DELETE /v1/tokens/${good.id}`),
  ])
  return [
    exactly('/ready', '200 degraded', word),
    says('what it says', { must: 'the snapshot on disk', form: /has not answered.*the snapshot on disk/ }, reasons),
    none('lists refused to a good token', answers(await onBothWorkers(gateway.url, good.text), 200)),
    none('answers to a token revoked before', answers(await onBothWorkers(gateway.url, revoked), 401)),
    none('writes without 503 and Retry-After', writes.filter((each) => !isRefusal(each)).map(shown), writes.length),
    within('slowest refusal of a write', { must: REFUSED_MS }, Math.max(...writes.map(({ ms }) => ms))),
    await replacesWorker(gateway),
  ]
}

/** The whole machine dies, and its database with it; the machine comes back first. */
const startWithout: Fault = {
  name: 'start without database',
  what: 'all of the gateway is killed, and started while its database is away, told to serve the snapshot on disk',
  short: true,
  run: async () => {
    await using stack = new AsyncDisposableStack()
    const postgres = stack.use(await ownPostgres())
    const databaseUrl = await postgres.database()
    const relay = stack.use(await databaseRelay(databaseUrl))
    const upstream = stack.use(await startSlowServer())
    const dataDir = await mkdtemp(join(tmpdir(), 'cw-'))
    stack.defer(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }))
    await chmod(dataDir, 0o711)
    const env = {
      CAUSEWAY_WORKERS: String(WORKERS),
      CAUSEWAY_START_WITHOUT_DATABASE: 'true',
      DATABASE_URL: relay.url,
    }
    const first = stack.use(await startGateway({ dataDir, env }))
    await first.register('faulty', upstream.at('legacy'))
    const good = await makeToken(first, 'good')
    const revoked = await revokedToken(first)
    await sleep(SAVED_MS)
    killAll(first)
    relay.set('closed')

    const second = stack.use(await startGateway({ dataDir, env }))
    await until('both workers run', () => workersOf(second).length === WORKERS, 10_000)
    const findings = await whileAway(second, { good, revoked })
    const stream = await steadyStream({ gateway: second, tool: 'faulty-echo' })
    await sleep(1_500)
    // Somebody else, on another machine.
    await sql(databaseUrl, `UPDATE tokens SET revoked_at = now() WHERE id = '${good.id}'`)
    relay.set('open')
    const recovered = await recovery(second)
    const known = async () => (await onBothWorkers(second.url, good.text)).every((status) => status === 401)
    const knownMs = await until('a revocation meanwhile is known', known, 10_000)
    const report = await stream.stop()
    const { counted } = await caughtUp(databaseUrl, report.calls)
    return [
      noted('start to ready', `${second.startedInMs.toFixed(0)} ms`),
      none('failed calls and lists', report.failures, report.calls + report.lists),
      least('calls answered', 100, report.calls),
      ...findings,
      ...recovered,
      within('then until what was revoked meanwhile is refused', { must: 1_000 }, knownMs),
      exactly('calls counted in the database', report.calls, counted),
    ]
  },
}

export const START_FAULTS: readonly Fault[] = [startWithout]
