import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { steadyStream } from '../support/steady-stream.ts'
import { faultSite, ownPostgres, sql, until, type FaultSite, type OwnPostgres } from './site.ts'
import { awayMs, ledger, write, type Write } from './writes.ts'

let postgres: OwnPostgres
let site: FaultSite
/** Calls that were answered, over all tests: what the sums in the database must be in the end. */
let calls = 0

beforeAll(async () => {
  postgres = await ownPostgres()
  site = await faultSite(await postgres.database())
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
  await postgres?.[Symbol.asyncDispose]()
})

const OUTAGE_MS = 4_000

interface Fault {
  readonly name: string
  readonly begin: () => Promise<void> | void
  readonly end: () => Promise<void> | void
  /** What /ready says of it. */
  readonly reason: RegExp
}

const AWAY = /has not answered/
const superuser = (text: string) => sql(postgres.url, text)
const FAULTS: readonly Fault[] = [
  { name: 'stopped', begin: () => site.relay.set('closed'), end: () => site.relay.set('open'), reason: AWAY },
  {
    name: 'stalled on the way',
    begin: () => site.relay.set('stalled'),
    end: () => site.relay.set('open'),
    reason: AWAY,
  },
  { name: 'deaf', begin: () => site.relay.set('deaf'), end: () => site.relay.set('open'), reason: AWAY },
  { name: 'frozen', begin: () => postgres.signal('SIGSTOP'), end: () => postgres.signal('SIGCONT'), reason: AWAY },
  {
    name: 'read-only',
    begin: async () => {
      await superuser('ALTER SYSTEM SET default_transaction_read_only = on')
      await superuser('SELECT pg_reload_conf()')
    },
    end: async () => {
      await superuser('ALTER SYSTEM RESET default_transaction_read_only')
      await superuser('SELECT pg_reload_conf()')
    },
    reason: /read-only/,
  },
]

async function readiness(): Promise<{ status: number; body: { status: string; reasons?: string[] } }> {
  const response = await fetch(`${site.gateway.url}/ready`)
  return { status: response.status, body: (await response.json()) as { status: string; reasons?: string[] } }
}

/** Things that exist, for writes to change. */
interface Victims {
  readonly server: string
  readonly token: string
  readonly gateway: string
}

async function makeVictims(): Promise<Victims> {
  const { api } = site.gateway
  const name = `victim ${Math.random()}`
  const { body: made } = await api('POST', '/v1/tokens', { name })
  const { id: server } = (await api('POST', '/v1/servers', { name })).body
  const { id: gateway } = await site.gateway.register(name, site.upstream.at('modern', encodeURIComponent(name)))
  return { server, token: (made['token'] as { id: string }).id, gateway }
}

/** All kinds of writes at once, several times while the database is away. */
async function writesDuring({ server, token, gateway }: Victims, until: number): Promise<Write[]> {
  const all: Write[] = []
  while (performance.now() < until) {
    const answers = await Promise.all([
      write(site.gateway, 'POST /v1/gateways', { name: 'x', url: site.upstream.at('modern', 'new') }),
      write(site.gateway, 'POST /v1/tokens', { name: 'x' }),
      write(site.gateway, 'POST /v1/servers', { name: 'x' }),
      write(site.gateway, `DELETE /v1/servers/${server}`),
      write(site.gateway, `DELETE /v1/tokens/${token}`),
      write(site.gateway, `PUT /v1/gateways/${gateway}`, { description: 'changed' }),
    ])
    all.push(...answers)
    await sleep(300)
  }
  return all
}

async function countedCalls(): Promise<number> {
  const [row] = await sql<{ calls: string }>(
    site.databaseUrl,
    "SELECT coalesce(sum(calls), 0) AS calls FROM usage_totals WHERE kind = 'tool'",
  )
  return Number(row?.calls)
}

async function missing(names: readonly string[]): Promise<string[]> {
  const rows = await sql<{ name: string }>(site.databaseUrl, 'SELECT name FROM servers')
  const there = new Set(rows.map(({ name }) => name))
  return names.filter((name) => !there.has(name))
}

const eventsIn = (lines: readonly string[]) =>
  lines.map((line) => (JSON.parse(line) as { event: string }).event).join(' ')
const linesOf = (output: string) => output.split('\n').filter((line) => line.startsWith('{'))

describe('the database goes away under load', () => {
  test.each(FAULTS)('$name', async ({ name, begin, end, reason }) => {
    const victims = await makeVictims()
    const stream = await steadyStream({ gateway: site.gateway, tool: site.echo })
    const written = ledger(site.gateway, name.replaceAll(' ', '-'))
    await until('writes are acknowledged', () => written.acknowledged.length > 5, 10_000)
    const loggedBefore = linesOf(await site.gateway.output()).length
    const awaySince = Date.now()
    await begin()
    // What was under way may still have got through.
    await sleep(50)
    const writes = await writesDuring(victims, performance.now() + OUTAGE_MS)
    const ready = await readiness()
    const loggedDuring = linesOf(await site.gateway.output()).slice(loggedBefore)
    await end()
    const recoveredMs = await until(
      'a write is acknowledged',
      async () => {
        const { status } = await write(site.gateway, 'POST /v1/tokens', { name: `after ${name} ${Math.random()}` })
        return status === 201
      },
      10_000,
    )
    const readyMs =
      recoveredMs + (await until('ready again', async () => (await readiness()).body.status === 'ready', 5_000))
    await sleep(300)
    await written.stop()
    const report = await stream.stop()
    calls += report.calls

    const refused = written.answers.filter(({ status }) => status !== 201)
    const slowest = Math.max(...[...writes, ...refused].map((write) => awayMs(write, awaySince)))
    const figures = {
      calls: report.calls,
      lists: report.lists,
      slowestMs: Math.round(report.slowestMs),
      writes: writes.length,
    }
    console.log(
      name,
      JSON.stringify({
        ...figures,
        slowestWriteMs: slowest,
        recoveredMs: Math.round(recoveredMs),
        readyMs: Math.round(readyMs),
        acknowledged: written.acknowledged.length,
        lines: loggedDuring.length,
      }),
    )

    expect(report.failures).toEqual([])
    expect(report.calls).toBeGreaterThan(100)
    expect(report.lists).toBeGreaterThan(100)
    expect(writes.length).toBeGreaterThan(10)
    expect(writes.filter(({ status, retryAfter }) => status !== 503 || Number(retryAfter) < 1)).toEqual([])
    expect([...writes, ...refused].filter((write) => awayMs(write, awaySince) > 1_000)).toEqual([])
    expect([ready.status, ready.body.status]).toEqual([200, 'degraded'])
    expect(ready.body.reasons?.join()).toMatch(reason)
    expect(recoveredMs).toBeLessThan(3_000)
    expect(readyMs).toBeLessThan(3_000)
    expect(await missing(written.acknowledged)).toEqual([])
    expect(loggedDuring.length, eventsIn(loggedDuring)).toBeLessThan(20)
  })

  test('killed: it comes back by itself, and nothing acknowledged is lost', async () => {
    const stream = await steadyStream({ gateway: site.gateway, tool: site.echo })
    const written = ledger(site.gateway, 'killed')
    await sleep(700)
    const awaySince = Date.now()
    process.kill(postgres.pid, 'SIGKILL')
    const before = written.acknowledged.length
    const recoveredMs = await until('a write is acknowledged', () => written.acknowledged.length > before + 3, 10_000)
    await sleep(300)
    await written.stop()
    const report = await stream.stop()
    calls += report.calls
    console.log('killed', { calls: report.calls, recoveredMs: Math.round(recoveredMs) })
    expect(report.failures).toEqual([])
    expect(await missing(written.acknowledged)).toEqual([])
    const refused = written.answers.filter(({ status }) => status !== 201)
    expect(refused.filter((write) => awayMs(write, awaySince) > 1_000 || write.status !== 503)).toEqual([])
  })

  test('each call that was answered is counted once', async () => {
    await until('all calls are counted', async () => (await countedCalls()) >= calls, 10_000)
    await sleep(1_000)
    expect(await countedCalls()).toBe(calls)
    expect(calls).toBeGreaterThan(500)
  })
})
