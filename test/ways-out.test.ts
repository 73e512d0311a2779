import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startSlowServer } from './fixtures/slow-server.ts'
import { mcpDoors, restDoors } from './pool/doors.ts'
import { passAll } from './pool/run-doors.ts'
import { SLOW_MS, SLOW_PATH, startSite, type Site } from './pool/site.ts'
import { echoHttp2, http2Server } from './support/http2-server.ts'
import { coverageIn, covered } from './support/coverage.ts'
import { testDatabase, type TestDatabase } from './support/database.ts'
import type { GatewayEntity } from './support/gateway.ts'
import { readSource, sources } from './support/sources.ts'
import { waysOut } from './support/ways-out.ts'

/** Gateways that are looked after, followed and discovered at the same time. */
const FLEET = 500
/** Far below what an upstream takes: whoever waits behind a held connection waits for that. */
const ORDINARY_MS = 2_500
/** A transaction rests only while its next statement is on the way. */
const REST_MS = 250

/** What holds database connections: workers. The supervisor, the commands and the bridge have none while anything waits. */
const product = sources('src/**/*.ts').filter(
  ({ path }) =>
    !/\.test\.ts$|^src\/(?:supervisor|cli|bridge|clients|example|main\.ts|examine\.ts|machine\.ts)/.test(path),
)

/** A gateway that does not answer, and a virtual server that waits for what it offers. */
const DECLARED = `
gateways:
  away-at-start: { url: 'http://127.0.0.1:9/mcp' }
servers:
  waiting: { tools: [away-at-start-echo] }
`

let database: TestDatabase
let folder: string
let site: Site
/** In front of a server that answers at once. */
let quick: GatewayEntity
const owned = new AsyncDisposableStack()

beforeAll(async () => {
  database = owned.use(await testDatabase())
  folder = await mkdtemp(join(tmpdir(), 'cw-ways-'))
  owned.defer(() => rm(folder, { recursive: true, force: true }))
  const declared = join(folder, 'site.yaml')
  await writeFile(declared, DECLARED)
  site = await startSite({
    ...covered(join(folder, 'coverage')),
    DATABASE_URL: database.url,
    CAUSEWAY_CONFIG: declared,
  })
  quick = await site.gateway.register('quick', owned.use(await startSlowServer()).at('legacy'))
  site.upstream.announces(`${SLOW_PATH}fleet`)
  await site.fleet('fleet', FLEET)
  await vi.waitFor(() => expect(site.upstream.streams).toBe(FLEET), { timeout: 30_000, interval: 100 })
}, 240_000)
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
  await owned.disposeAsync()
})

/** What PostgreSQL saw of our connections that should not be. */
interface Seen extends Disposable {
  samples: number
  readonly held: unknown[]
}

/** An idle one that hears a notification counts as in a transaction since its last statement; it is in none. */
async function watchConnections(): Promise<Seen> {
  const client = new Client(database.url)
  await client.connect()
  const seen = { samples: 0, held: [] as unknown[] }
  const stop = new AbortController()
  const look = `SELECT state, query, round(extract(epoch FROM clock_timestamp() - state_change) * 1000)::int AS ms
    FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'causeway'
      AND (state LIKE 'idle in transaction%' AND clock_timestamp() - state_change > interval '${REST_MS} ms'
        OR state <> 'idle' AND clock_timestamp() - xact_start > interval '1 s')`
  const done = (async () => {
    while (!stop.signal.aborted) {
      seen.held.push(...(await client.query(look)).rows)
      seen.samples++
      await sleep(50)
    }
    await client.end()
  })()
  void done.catch((error: unknown) => seen.held.push(error))
  return Object.assign(seen, { [Symbol.dispose]: () => stop.abort() })
}

/** One after the other, what people do: a read, a write, a call. How long each took at most, until told to stop. */
async function ordinary(until: AbortSignal): Promise<Readonly<Record<string, number>>> {
  const slowest: Record<string, number> = {}
  const { id } = quick
  const echo = { name: 'quick-echo', arguments: { text: 'x' } }
  for (let n = 0; !until.aborted; n++) {
    const asks = {
      read: () => site.gateway.api('GET', `/v1/gateways/${id}`),
      write: () => site.gateway.api('POST', '/v1/prompts', { name: `ordinary-${n}`, template: 'said' }),
      call: () => site.gateway.api('POST', '/rpc', { jsonrpc: '2.0', id: n, method: 'tools/call', params: echo }),
    }
    for (const [what, ask] of Object.entries(asks)) {
      const began = performance.now()
      const { status, body } = await ask()
      if (status >= 300 || 'error' in body) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`)
      slowest[what] = Math.max(slowest[what] ?? 0, performance.now() - began)
    }
  }
  return slowest
}

/** Everything that goes on without a request: each gateway is due, some were never reached, all say that they changed. */
async function background(): Promise<void> {
  for (let n = 0; n < 8; n++)
    await site.gateway.api('POST', '/v1/gateways', { name: `away-${n}`, url: `http://127.0.0.1:9/${n}` })
  site.upstream.delay('tools/list', SLOW_MS, SLOW_PATH)
  site.upstream.delay('ping', SLOW_MS / 2, SLOW_PATH)
  await database.sql('UPDATE gateway_states SET next_check_at = now()')
  site.upstream.change()
}

/** A stdio server is started, asked, changed (which starts it again), asked and read. */
async function stdio(): Promise<void> {
  const { id, slug = site.stdio.name } = site.stdio
  const params = { name: `${slug}-echo`, arguments: { text: 'x' } }
  const ask = () => site.gateway.api('POST', '/rpc', { jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  for (const timeout of [20, 21]) {
    await site.gateway.api('PUT', `/v1/gateways/${id}`, { timeout_ms: timeout * 1000, env: { N: String(timeout) } })
    await ask()
  }
}

/** What the doors do not: a declared gateway moves, a tool moves, a gateway might, another might come, somebody else's token comes, a log is followed, HTTP/2 is spoken. */
async function byways(): Promise<void> {
  const { gateway, upstream } = site
  for (const name of ['first', 'second'])
    await gateway.api('POST', '/v1/declared', {
      set: 'moving',
      gateways: [{ name: 'moving', url: `${upstream.url}${SLOW_PATH}${name}` }],
    })
  const moved = ['moving', 'another'].map((name) => ({ name, url: `${upstream.url}${SLOW_PATH}third` }))
  const foreseen = await gateway.api('POST', '/v1/declared?dry_run=true', { set: 'moving', gateways: moved })
  expect(foreseen.status).toBe(200)
  await gateway.api('PUT', `/v1/tools/${site.httpTool}`, { url: 'http://127.0.0.1:9/' })
  await gateway.api('PUT', `/v1/gateways/${quick.id}?dry_run=true`, { url: 'http://127.0.0.1:9/' })
  const perhaps = await gateway.api('POST', '/v1/gateways?dry_run=true', {
    name: 'perhaps',
    url: 'http://127.0.0.1:9/',
  })
  expect(perhaps.status).toBe(200)
  const foreign = site.provider.tokenFor('causeway', 'admin@localhost')
  const me = await fetch(`${gateway.url}/v1/auth/email/me`, { headers: { authorization: `Bearer ${foreign}` } })
  expect(me.status).toBe(200)
  await using late = await http2Server((request) => void setTimeout(() => echoHttp2(request), SLOW_MS))
  await gateway.api('POST', '/v1/gateways', { name: 'h2', url: late.url, http_version: '2' })
  const leave = new AbortController()
  const following = await fetch(`${gateway.url}/v1/gateways/${site.stdio.id}/logs?follow=true`, {
    headers: { authorization: `Bearer ${gateway.token}`, accept: 'text/event-stream' },
    signal: leave.signal,
  })
  expect(following.status).toBe(200)
  await following.body?.getReader().read()
  leave.abort()
}

/** Another process takes over the following of changes for a while. */
async function loseTheLease(): Promise<void> {
  const take = `UPDATE leases SET holder = 'somebody else', expires_at = clock_timestamp() + interval '5 s'
    WHERE name = 'gateways.follow' RETURNING name`
  expect(await database.sql(take)).toHaveLength(1)
  await vi.waitFor(() => expect(site.upstream.streams).toBe(0), { timeout: 5_000, interval: 100 })
}

test(`while ${FLEET} gateways are swept, retried and discovered anew, and every door is used, nobody waits for the one connection`, async () => {
  const doors = [...(await mcpDoors(site)), ...(await restDoors(site, 2))]
  const enough = new AbortController()
  using seen = await watchConnections()
  await background()
  const measured = ordinary(enough.signal)
  const began = performance.now()
  const [{ failures }] = await Promise.all([passAll(doors, doors.length * 2), stdio(), byways()])
  // Discoveries of five seconds each, all at once, are over by then; the sweep goes on.
  await sleep(Math.max(0, 3 * SLOW_MS - (performance.now() - began)))
  await loseTheLease()
  enough.abort()
  const slowest = await measured
  expect(failures).toEqual([])
  expect(site.upstream.counters.peakInFlight).toBeGreaterThan(FLEET * 0.8)
  for (const ms of Object.values(slowest)) expect(ms, JSON.stringify(slowest)).toBeLessThan(ORDINARY_MS)
  expect(seen.samples).toBeGreaterThan(50)
  expect(seen.held).toEqual([])
}, 120_000)

describe('every way out', () => {
  let ran: Awaited<ReturnType<typeof coverageIn>>
  const notRun = (files: typeof product) => waysOut(files).filter(({ path, start }) => !ran(path, start))

  beforeAll(async () => {
    await site.gateway.stop()
    ran = await coverageIn(join(folder, 'coverage'))
  })

  test('was taken above: a call in src/ that leads out of the process and that nothing here reached is not covered', () => {
    expect(waysOut(product).length).toBeGreaterThan(40)
    expect(notRun(product).map(({ name }) => name)).toEqual([])
  })

  test('and a new one would not be', () => {
    const text = `import { refresh } from './refresh.ts'
export async function nightly(deps, all) {
  for (const one of all) await refresh(deps, one, {})
  await deps.discoverer.probe(one, null, deps.signal)
}
export const twice = async (deps) => { await nightly(deps, []) }`
    const path = 'src/gateways/nightly.ts'
    const added = notRun([...product, readSource(path, text)]).filter((way) => way.path === path)
    expect(added.map(({ name }) => name.split(' ')[1])).toEqual(['refresh', 'deps.discoverer.probe', 'nightly'])
  })
})
