import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { startGateway } from '../support/gateway.ts'
import { needs } from '../support/needs.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { startPostgres15 } from '../support/postgres15.ts'
import { steadyStream } from '../support/steady-stream.ts'
import { sql, until } from './site.ts'

const POOL = 4
const OLD_MS = 1_000

interface Activity extends Record<string, unknown> {
  readonly state: string
  readonly query: string
  /** Of its transaction, in ms. */
  readonly age: number | null
}

/** What the server's other connections do. */
const ACTIVITY =
  "SELECT state, query, (extract(epoch FROM clock_timestamp() - xact_start) * 1000)::float8 AS age FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
const activity = (url: string) => sql<Activity>(url, ACTIVITY)

/** Looks at the server many times a second, on one connection, until it is stopped. */
function watch(url: string): {
  stop(): Promise<{ most: number; idleInTransaction: number; oldestMs: number; old: number; looks: number }>
} {
  const seen = { most: 0, idleInTransaction: 0, oldestMs: 0, old: 0, looks: 0 }
  let stopped = false
  const run = async (): Promise<void> => {
    const client = new Client(url)
    await client.connect()
    for (; !stopped; await sleep(20)) {
      const { rows } = await client.query<Activity>(ACTIVITY)
      seen.most = Math.max(seen.most, rows.length)
      seen.idleInTransaction += rows.filter(({ state }) => state.startsWith('idle in transaction')).length
      const oldestMs = Math.max(0, ...rows.map(({ age }) => Math.round(age ?? 0)))
      seen.oldestMs = Math.max(seen.oldestMs, oldestMs)
      if (oldestMs >= OLD_MS) seen.old++
      seen.looks++
    }
    await client.end()
  }
  const running = run()
  return {
    stop: async () => {
      stopped = true
      await running
      return seen
    },
  }
}

const WAYS = [
  { name: 'with a direct way for LISTEN', direct: true },
  { name: 'with the pooler alone: by polling', direct: false },
]

test.for(WAYS)('PgBouncer in transaction mode on PostgreSQL 15, $name', async ({ direct }, context) => {
  needs(context, 'postgres15', 'pgbouncer')
  await using stack = new AsyncDisposableStack()
  const settings = { idle_in_transaction_session_timeout: '5s', log_min_messages: 'warning' }
  const { url } = stack.use(await startPostgres15(settings))
  const pooler = stack.use(await startPgBouncer(url, POOL))
  const upstream = stack.use(await startSlowServer())
  const env = {
    CAUSEWAY_WORKERS: '2',
    DATABASE_POOL_SIZE: '8',
    DATABASE_URL: pooler.url,
    ...(direct && { DATABASE_DIRECT_URL: url }),
  }
  const gateway = await startGateway({ env })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  const watching = watch(url)

  await gateway.register('up', upstream.at('legacy'))
  await until(
    'every worker lists it',
    async () => {
      const all = await Promise.all(Array.from({ length: 4 }, () => listed(gateway.url, gateway.token)))
      return all.every((text) => text.includes('up-echo'))
    },
    3_000,
  )
  const stream = await steadyStream({ gateway, tool: 'up-echo' })
  const refused: string[] = []
  const work = async (n: number): Promise<void> => {
    for (let round = 0; round < 8; round++) {
      const name = `t ${n} ${round}`
      const made = await gateway.api('POST', '/v1/tokens', { name })
      const id = (made.body['token'] as { id: string } | undefined)?.id
      const answers = [
        made,
        await gateway.api('POST', '/v1/servers', { name }),
        await gateway.api('GET', '/v1/tools'),
        await gateway.api('DELETE', `/v1/tokens/${id}`),
        await gateway.api('GET', '/v1/metrics'),
      ]
      refused.push(...answers.filter(({ status }) => status >= 300).map((each) => JSON.stringify(each)))
      const text = String(made.body['access_token'])
      await until('the revoked token is refused', async () => (await listedStatus(gateway.url, text)) === 401, 1_000)
    }
  }
  await Promise.all(Array.from({ length: 6 }, (_, n) => work(n)))
  const report = await stream.stop()
  await until('the calls are counted', async () => (await counted(gateway)) >= report.calls, 5_000)
  const seen = await watching.stop()
  await sleep(300)
  const after = await activity(url)
  const output = await gateway.output()
  console.log(
    JSON.stringify({
      direct,
      calls: report.calls,
      lists: report.lists,
      writes: 6 * 8 * 3,
      ...seen,
      after: after.length,
    }),
  )

  expect(refused).toEqual([])
  expect(report.failures).toEqual([])
  expect(report.calls).toBeGreaterThan(50)
  expect(await counted(gateway)).toBe(report.calls)
  expect(after.filter(({ state }) => state.startsWith('idle in transaction'))).toEqual([])
  // The pooler's connections for the gateway, and the one that listens.
  expect(seen.most).toBeLessThanOrEqual(POOL + 1)
  // A transaction that is held is seen by one look after the other; a machine that stood still makes one old for a single one.
  expect(seen.old).toBeLessThanOrEqual(1)
  expect(seen.looks).toBeGreaterThan(20)
  expect(output).not.toMatch(/08P01|25P03|ProtocolViolation|prepared statement|unsupported startup|connection_lost/)
  const alarms = output.split('\n').filter((line) => /"level":"(warn|error)"/.test(line))
  expect(alarms.filter((line) => !line.includes('sign_in.refused'))).toEqual([])
  expect(output).not.toContain('"requestId":"undefined"')
})

async function ask(url: string, token: string): Promise<Response> {
  return await fetch(`${url}/rpc`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
  })
}

const listed = async (url: string, token: string): Promise<string> => await (await ask(url, token)).text()

async function listedStatus(url: string, token: string): Promise<number> {
  const response = await ask(url, token)
  await response.arrayBuffer()
  return response.status
}

async function counted(gateway: { api(method: string, path: string): Promise<{ body: Record<string, unknown> }> }) {
  const { body } = await gateway.api('GET', '/v1/metrics')
  return (body['tools'] as { totalExecutions: number }).totalExecutions
}
