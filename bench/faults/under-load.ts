import { setTimeout as sleep } from 'node:timers/promises'
import { sql, until, type FaultSite } from '../../test/faults/site.ts'
import { awayMs, ledger, type Ledger, type Write } from '../../test/faults/writes.ts'
import { steadyStream, type SteadyStream } from '../../test/support/steady-stream.ts'
import type { Finding } from './fault.ts'
import { exactly, least, none, noted, within } from './findings.ts'

/** BAR: a write is refused within this, and all is well again this long after the fault has ended. */
export const REFUSED_MS = 1_000
export const RECOVERED_MS = 3_000

/** What goes on all the while. */
export interface Load {
  readonly stream: SteadyStream
  /** A writer with a ledger of what it was told is done. */
  readonly written: Ledger
}

/** What was done to the database under load. */
export interface Disturbed {
  /** By the machine's clock; until then refusals were none of this. */
  readonly since: number
  /** Other writes than the ledger's that were refused meanwhile. */
  readonly refused: readonly Write[]
  readonly findings: readonly Finding[]
}

/** The calls that the database has counted so far, by the site's own tool. */
async function countedCalls(databaseUrl: string): Promise<number> {
  const text = "SELECT coalesce(sum(calls), 0) AS calls FROM usage_totals WHERE kind = 'tool'"
  const [row] = await sql<{ calls: string }>(databaseUrl, text)
  return Number(row?.calls)
}

export async function lost(databaseUrl: string, names: readonly string[]): Promise<string[]> {
  const rows = await sql<{ name: string }>(databaseUrl, 'SELECT name FROM servers')
  const there = new Set(rows.map(({ name }) => name))
  return names.filter((name) => !there.has(name))
}

/** Until the database has counted at least so many; then a while longer, for one that is counted twice. */
export async function caughtUp(databaseUrl: string, calls: number): Promise<{ counted: number; ms: number }> {
  const ms = await until('all calls are counted', async () => (await countedCalls(databaseUrl)) >= calls, 10_000).catch(
    () => Number.NaN,
  )
  await sleep(1_000)
  return { counted: await countedCalls(databaseUrl), ms }
}

/** Calls, lists and writes without a pause while something is done to the database, and what became of them all. */
export async function underLoad(
  site: Pick<FaultSite, 'gateway' | 'databaseUrl' | 'echo'>,
  name: string,
  disturb: (load: Load) => Promise<Disturbed>,
): Promise<readonly Finding[]> {
  const before = await countedCalls(site.databaseUrl)
  await using stream = await steadyStream({ gateway: site.gateway, tool: site.echo })
  const written = ledger(site.gateway, `${name} ${Date.now()}`.replaceAll(' ', '-'))
  await until('writes are acknowledged', () => written.acknowledged.length > 5, 10_000)
  const { since, refused, findings } = await disturb({ stream, written })
  await sleep(300)
  await written.stop()
  const report = await stream.stop()
  const all = [...refused, ...written.answers.filter(({ status }) => status !== 201)]
  const { counted, ms } = await caughtUp(site.databaseUrl, before + report.calls)
  return [
    none('failed calls and lists', report.failures, report.calls + report.lists + report.failures.length),
    least('calls answered', 100, report.calls),
    least('lists answered', 100, report.lists),
    noted('slowest call or list', `${report.slowestMs.toFixed(0)} ms`),
    none('refused writes without 503 and Retry-After', all.filter((each) => !isRefusal(each)).map(shown), all.length),
    within('slowest refusal of a write', { must: REFUSED_MS }, slowest(all, since)),
    ...findings,
    none('acknowledged writes lost', await lost(site.databaseUrl, written.acknowledged), written.acknowledged.length),
    exactly('calls counted in the database', report.calls, counted - before),
    noted('usage records caught up after', `${ms.toFixed(0)} ms`),
  ]
}

export const isRefusal = ({ status, retryAfter }: Write): boolean => status === 503 && Number(retryAfter) >= 1
export const shown = ({ what, status, body }: Write): string => `${what}: ${status} ${body}`
const slowest = (writes: readonly Write[], since: number): number =>
  Math.max(0, ...writes.map((write) => awayMs(write, since)))
