import { setTimeout as sleep } from 'node:timers/promises'
import { faultSite, ownPostgres, sql, until, type FaultSite } from '../../test/faults/site.ts'
import { firstWorkerAt, workersOf, workersReady } from '../../test/faults/workers.ts'
import { ledger } from '../../test/faults/writes.ts'
import { steadyStream } from '../../test/support/steady-stream.ts'
import type { Fault, Finding, Lab } from './fault.ts'
import { bounded, exactly, least, none, within } from './findings.ts'
import { lost } from './under-load.ts'

/** How long the server takes for a look at it: long enough to be killed meanwhile. */
const LOOK_MS = 4_000
const LOOKED_AT = 'looked-at'

/** What a worker has that others wait for: the lease of who follows changes, and a gateway that it looks after. */
interface Held {
  readonly holder: string
  readonly pid: number
}

const FOLLOWS = "SELECT holder FROM leases WHERE name = 'gateways.follow' AND expires_at > clock_timestamp()"
const OF_LOOKED_AT = `gateway_id = (SELECT id FROM gateways WHERE name = '${LOOKED_AT}')`
const CLAIMS = `SELECT claimed_by AS holder FROM gateway_states WHERE claim_expires_at > clock_timestamp() AND ${OF_LOOKED_AT}`
const DUE = `UPDATE gateway_states SET next_check_at = now(), claimed_by = NULL, claim_expires_at = NULL WHERE ${OF_LOOKED_AT}`

async function holderOf(databaseUrl: string, query: string): Promise<string | undefined> {
  const [row] = await sql<{ holder: string }>(databaseUrl, query)
  return row?.holder
}

/** The worker that follows changes is brought to look after a gateway, too. */
async function holdsBoth({ gateway, databaseUrl }: FaultSite): Promise<Held> {
  for (let tries = 0; tries < 20; tries++) {
    const holder = await holderOf(databaseUrl, FOLLOWS)
    await sql(databaseUrl, DUE)
    await until('somebody looks', async () => (await holderOf(databaseUrl, CLAIMS)) !== undefined, 5_000)
    if (holder !== undefined && (await holderOf(databaseUrl, CLAIMS)) === holder)
      return { holder, pid: firstWorkerAt(gateway, Number(/^w(\d+)-/.exec(holder)?.[1])) }
  }
  throw new Error('the worker that follows changes never got to look after a gateway')
}

/** How long after `since` somebody else has what the dead one held; looked at seldom, since each look is a connection. */
async function taken({ databaseUrl }: FaultSite, query: string, gone: Held & { since: number }): Promise<number> {
  for (; performance.now() - gone.since < 30_000; await sleep(100)) {
    const now = await holderOf(databaseUrl, query)
    if (now !== undefined && now !== gone.holder) return performance.now() - gone.since
  }
  return Number.NaN
}

async function slowToLookAt(site: FaultSite): Promise<void> {
  await site.gateway.register(LOOKED_AT, site.upstream.at('legacy', LOOKED_AT))
  for (const method of ['ping', 'initialize', 'tools/list'])
    site.upstream.delay(method, LOOK_MS, `/legacy/${LOOKED_AT}`)
}

/** Everything that one of them had in hand: eight clients with one request each. */
const IN_HAND = 8

async function run(lab: Lab): Promise<readonly Finding[]> {
  const postgres = await lab.shared(ownPostgres)
  await using site = await faultSite(await postgres.database())
  const { gateway, databaseUrl } = site
  await slowToLookAt(site)
  await using stream = await steadyStream({ gateway, tool: site.echo, forgive: /^cut/ })
  const written = ledger(gateway, `worker-killed-${Date.now()}`, { survives: true })
  await until('writes are acknowledged', () => written.acknowledged.length > 5, 10_000)
  const held = await holdsBoth(site)
  const before = await workersReady(gateway)
  const answered = stream.report.calls
  const killed = performance.now()
  process.kill(held.pid, 'SIGKILL')
  await until('calls are answered', () => stream.report.calls > answered + IN_HAND, 10_000)
  const [first, others] = [performance.now() - killed, (await workersReady(gateway)) - before]
  await until('a new worker is ready', async () => (await workersReady(gateway)) > before, 20_000)
  const restartedMs = performance.now() - killed
  const gone = { ...held, since: killed }
  const leases = [taken(site, FOLLOWS, gone), taken(site, CLAIMS, gone)]
  await sleep(500)
  await written.stop()
  const report = await stream.stop()
  const [followMs = Number.NaN, claimMs = Number.NaN] = await Promise.all(leases)
  return [
    within('until others have answered more calls than it had in hand', { must: 1_000, goal: 500 }, first),
    exactly('workers that were ready anew by then', 0, others),
    within('until it is replaced', { must: 2_000, goal: 1_500 }, restartedMs),
    exactly('workers afterwards', 2, workersOf(gateway).length),
    none('failed calls and lists that it did not have in hand', report.failures, report.calls + report.lists),
    bounded(
      { figure: 'those that it had in hand', must: IN_HAND, goal: IN_HAND, unit: '', digits: 0 },
      report.forgiven,
    ),
    least('calls and lists answered', 200, report.calls + report.lists),
    none('acknowledged writes lost', await lost(databaseUrl, written.acknowledged), written.acknowledged.length),
    within('until another follows changes', { must: 10_000 }, followMs),
    within('until another looks after its gateway', { must: 10_000 }, claimMs),
  ]
}

export const workerKilled: Fault = {
  name: 'worker killed',
  what: 'SIGKILL to the worker that follows changes and looks after a gateway, under load',
  short: true,
  run,
}
