import { appendFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { faultSite, ownPostgres, sql, until, type FaultSite } from '../../test/faults/site.ts'
import { workersOf, workersReady } from '../../test/faults/workers.ts'
import type { Fault, Finding, Lab } from './fault.ts'
import { bounded, exactly, least, none, within } from './findings.ts'

const BOUND_KIB = 64
/** Longer than it takes what is in memory to be put on disk. */
const ON_DISK_MS = 700
const AT_ONCE = 8
/** The file has room for half as many more. */
const SURELY_KEPT = 60

/** Requests in the order in which they were answered, and what was wrong with those that failed. */
interface Calls {
  readonly ids: string[]
  readonly failures: string[]
}

async function call({ gateway, echo }: FaultSite, calls: Calls, count: number): Promise<void> {
  let left = count
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const response = await fetch(`${gateway.url}/rpc`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: echo, arguments: {} } }),
      })
      const text = await response.text()
      if (response.status === 200 && text.includes('"result"'))
        calls.ids.push(response.headers.get('x-request-id') ?? '')
      else calls.failures.push(`${response.status} ${text}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
}

async function metric({ gateway }: FaultSite, name: string): Promise<number> {
  const headers = { authorization: `Bearer ${gateway.token}` }
  const text = await (await fetch(`${gateway.url}/metrics`, { headers })).text()
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? Number.NaN)
}

const lostSoFar = (site: FaultSite): Promise<number> => metric(site, 'causeway_usage_records_lost_total')

/** Calls a few at a time until the first of their records finds no room; how many were on disk before. */
async function fill(site: FaultSite, calls: Calls): Promise<number> {
  await call(site, calls, SURELY_KEPT)
  await sleep(ON_DISK_MS)
  for (let kept = SURELY_KEPT; ; kept = calls.ids.length) {
    await call(site, calls, 20)
    await sleep(ON_DISK_MS)
    if ((await lostSoFar(site)) > 0) return kept
    if (kept > 5_000) throw new Error(`${kept} records do not fill ${BOUND_KIB} KiB`)
  }
}

/** As a crash in the middle of a write leaves it: a line without an end, of one record. */
const TORN = '{"writer":"w0","epoch":"torn","firstN":1,"records":[{"requestId":"torn","met'

async function crash({ gateway, relay }: FaultSite, path: string): Promise<number> {
  const before = await workersReady(gateway)
  process.kill(workersOf(gateway)[0]?.pid ?? 0, 'SIGKILL')
  await appendFile(path, TORN)
  relay.set('open')
  return await until('a new worker is ready', async () => (await workersReady(gateway)) > before, 20_000)
}

async function stored(databaseUrl: string): Promise<ReadonlySet<string>> {
  const rows = await sql<{ request_id: string }>(
    databaseUrl,
    "SELECT request_id FROM usage_records WHERE kind = 'tool'",
  )
  const ids = rows.map(({ request_id }) => request_id)
  if (new Set(ids).size !== ids.length) throw new Error('a record is stored twice')
  return new Set(ids)
}

async function run(lab: Lab): Promise<readonly Finding[]> {
  await using stack = new AsyncDisposableStack()
  const postgres = await lab.shared(ownPostgres)
  const env = { CAUSEWAY_WORKERS: '1', CAUSEWAY_RECORDS_ON_DISK: `${BOUND_KIB}KiB` }
  const site = stack.use(await faultSite(await postgres.database(), env))
  const path = join(site.gateway.dataDir, 'records-w0.spill')
  const calls: Calls = { ids: [], failures: [] }
  site.relay.set('closed')
  const kept = await fill(site, calls)
  await call(site, calls, lab.short ? 500 : 5_000)
  await sleep(ON_DISK_MS)
  const [lost, { size }] = [await lostSoFar(site), await stat(path)]
  const lines = (await site.gateway.output()).split('\n').filter((line) => line.includes('"records.lost"'))
  const readyMs = await crash(site, path)
  // What comes while the file is still full finds no room in it either, and is counted.
  const all = async (): Promise<boolean> => (await metric(site, 'causeway_usage_records_spilled_bytes')) === 0
  const caughtMs = await until('the file is empty', all, 10_000)
  const meanwhile = calls.ids.length
  await call(site, calls, 100)
  const stay = calls.ids.length - lost
  await until('the rest is stored', async () => (await stored(site.databaseUrl)).size >= stay, 10_000).catch(() => 0)
  // A while longer, for one that is stored twice.
  await sleep(ON_DISK_MS)
  const known = await stored(site.databaseUrl)
  const missing = calls.ids.filter((id) => !known.has(id))
  return [
    none('failed calls', calls.failures, calls.ids.length),
    bounded({ figure: 'size of the file', must: BOUND_KIB, goal: BOUND_KIB, unit: ' KiB' }, size / 1024),
    least('records that found it full', 100, lost),
    none(
      'calls before it was full whose records are not stored',
      calls.ids.slice(0, kept).filter((id) => !known.has(id)),
      kept,
    ),
    exactly('records counted as lost', missing.length, lost),
    exactly('records stored, and counted as lost', meanwhile + 100, known.size + lost),
    none(
      'calls afterwards whose records are not stored',
      calls.ids.slice(meanwhile).filter((id) => !known.has(id)),
      100,
    ),
    bounded({ figure: 'lines in the log', must: 4, goal: 2, unit: '', digits: 0 }, lines.length),
    within('a worker that crashed while it wrote there is replaced', { must: 3_000 }, readyMs),
    exactly('records it says that the cut line had', 1, await lostSoFar(site)),
    within('the file is empty again', { must: 3_000 }, caughtMs),
  ]
}

export const spillFull: Fault = {
  name: 'records fill their file',
  what: 'the database is away until usage records have filled their file, and the worker crashes in the middle of a line',
  short: true,
  run,
}
