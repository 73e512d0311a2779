import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSlowServer, type SlowServer } from '../fixtures/slow-server.ts'
import { databaseRelay, type DatabaseRelay } from '../support/database-relay.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { listen } from '../support/listen.ts'
import { openRawClient } from '../support/raw-client.ts'
import { ownPostgres, sql, until, type OwnPostgres } from './site.ts'

/** Planted wherever a secret can be given; no letter of them may come out anywhere but at the upstream. */
const SECRETS = {
  bearer: 'canary-bearer-7f3a91c2',
  password: 'canary-password-5be2d840',
  header: 'canary-header-c19e67aa',
  query: 'canary-query-0d44f1b7',
  database: 'canary-database-88e1f35c',
}
/** A URL is shown to who may see its gateway; what it holds may still be in no log and no process list. */
const { query: IN_URL, ...GIVEN } = SECRETS
const PLAIN = Object.values(GIVEN)
const BASIC = Buffer.from(`user:${SECRETS.password}`).toString('base64')

let postgres: OwnPostgres
let relay: DatabaseRelay
let databaseUrl: string
let upstream: SlowServer
let gateway: RunningGateway
/** Everything that the gateway has answered. */
const said: string[] = []

beforeAll(async () => {
  postgres = await ownPostgres()
  upstream = await startSlowServer()
  databaseUrl = await postgres.database()
  await sql(databaseUrl, `CREATE ROLE keeper LOGIN SUPERUSER PASSWORD '${SECRETS.database}'`)
  const url = new URL(databaseUrl)
  url.username = 'keeper'
  url.password = SECRETS.database
  relay = await databaseRelay(url.href)
  const env = { DATABASE_URL: relay.url, CAUSEWAY_WORKERS: '2', CAUSEWAY_LOG_LEVEL: 'trace' }
  gateway = await startGateway({ env })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await relay?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
  await postgres?.[Symbol.asyncDispose]()
})

async function ask(method: string, path: string, body?: unknown, token = gateway.token): Promise<Response> {
  const response = await fetch(gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  said.push(
    `${method} ${path} ${response.status} ${JSON.stringify([...response.headers])} ${await response.clone().text()}`,
  )
  return response
}

const idOf = async (response: Response): Promise<string> => ((await response.json()) as { id: string }).id

const CREDENTIALS: readonly object[] = [
  { auth_type: 'bearer', auth_token: SECRETS.bearer },
  { auth_type: 'basic', auth_username: 'user', auth_password: SECRETS.password },
  { auth_type: 'authheaders', auth_headers: [{ key: 'x-api-key', value: SECRETS.header }] },
]

async function plant(url: string, name: string): Promise<string[]> {
  const ids: string[] = []
  for (const [n, credential] of CREDENTIALS.entries()) {
    const made = await ask('POST', '/v1/gateways', { name: `${name} ${n}`, url: `${url}-${n}`, ...credential })
    expect(made.status, said.at(-1)).toBeLessThan(300)
    ids.push(await idOf(made))
  }
  return ids
}

/** Whatever shows of a gateway, in health and in sickness. */
async function look(id: string): Promise<void> {
  await ask('GET', `/v1/gateways/${id}`)
  await ask('POST', `/v1/gateways/${id}/test`)
  await ask('POST', `/v1/gateways/${id}/tools/refresh`)
  await ask('PUT', `/v1/gateways/${id}`, { description: 'changed' })
}

async function outputsOf(): Promise<string> {
  const folders = await readdir('/proc')
  const tree = new Set(gateway.processes().map(({ pid }) => String(pid)))
  const lines = await Promise.all(
    folders
      .filter((pid) => tree.has(pid))
      .map((pid) => readFile(join('/proc', pid, 'cmdline'), 'latin1').catch(() => '')),
  )
  return `${await gateway.output()}\n${lines.join('\n')}`
}

test('a planted secret comes out nowhere but at its upstream', async () => {
  const heard: string[] = []
  await using echoing = await listen((request, response) => {
    heard.push(JSON.stringify(request.headers))
    // A server that repeats what it was sent, as some do in their errors.
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`no: ${JSON.stringify(request.headers)}`)
  })
  const well = await plant(upstream.at('modern'), 'well')
  const sick = await plant('http://127.0.0.1:9/mcp', 'sick')
  for (const [n, credential] of CREDENTIALS.entries()) {
    await ask('POST', '/v1/gateways', { name: `echoing ${n}`, url: `${echoing.origin}/mcp-${n}`, ...credential })
  }
  await ask('POST', '/v1/gateways', { name: 'query', url: `${upstream.at('modern', 'q')}?key=${SECRETS.query}` })
  await ask('POST', '/v1/gateways', {
    name: 'userinfo',
    url: upstream.at('modern', 'u').replace('//', `//u:${SECRETS.password}@`),
  })
  await ask('POST', '/v1/gateways', { name: 'wrong', url: 5, auth_type: 'bearer', auth_token: SECRETS.bearer })
  await ask('POST', '/v1/gateways', `{"name":"x","auth_token":"${SECRETS.bearer}`)
  for (const id of [...well, ...sick]) await look(id)
  await ask('GET', '/v1/tools', undefined, SECRETS.bearer)
  await ask('GET', '/v1/gateways?limit=500')
  await ask('GET', '/v1/tools?limit=500')
  using client = await openRawClient({ url: `${gateway.url}/mcp`, era: 'legacy', token: gateway.token })
  said.push((await client.call({ method: 'tools/list' })).body.toString())
  const call = { method: 'tools/call', members: `"name":"well-0-echo","arguments":{"text":"hello"}` }
  said.push((await client.call(call)).body.toString())
  relay.set('closed')
  await ask('POST', '/v1/gateways', {
    name: 'late',
    url: upstream.at('modern', 'late'),
    auth_type: 'bearer',
    auth_token: SECRETS.bearer,
  })
  await until('it shows', async () => (await (await ask('GET', '/ready')).text()).includes('degraded'), 6_000)
  relay.set('open')
  await until('it is over', async () => (await (await ask('GET', '/ready')).text()).includes('"ready"'), 6_000)
  for (const path of ['/metrics', '/v1/metrics', '/v1/database/activity', '/v1/version', '/openapi.json'])
    await ask('GET', path)
  await new Promise((resolve) => setTimeout(resolve, 500))

  const outputs = await outputsOf()
  const all = `${said.join('\n')}\n${outputs}`
  expect(heard.join('\n')).toContain(SECRETS.bearer)
  expect(heard.join('\n')).toContain(BASIC)
  expect(heard.join('\n')).toContain(SECRETS.header)
  expect(said.length).toBeGreaterThan(40)
  const found = [...PLAIN, BASIC].flatMap((secret) =>
    all
      .split('\n')
      .filter((line) => line.includes(secret))
      .map((line) => line.slice(0, 600)),
  )
  expect(found).toEqual([])
  expect(outputs).not.toContain(IN_URL)
  // The one place where the administrator's token is shown is what the first start says to the terminal.
  const shown = all.split('\n').filter((line) => line.includes(gateway.token.slice(8)))
  expect(shown.map((line) => line.trim())).toEqual([gateway.token])
}, 40_000)

test('at rest they are sealed', async () => {
  const rows = await sql<Record<string, unknown>>(databaseUrl, 'SELECT g::text AS row FROM gateways AS g')
  const audit = await sql<Record<string, unknown>>(databaseUrl, 'SELECT a::text AS row FROM audit_log AS a')
  const idempotency = await sql<Record<string, unknown>>(databaseUrl, 'SELECT s::text AS row FROM gateway_states AS s')
  const stored = JSON.stringify([rows, audit, idempotency])
  expect(rows.length).toBeGreaterThan(5)
  for (const secret of [SECRETS.bearer, SECRETS.password, SECRETS.header, BASIC]) {
    expect(stored).not.toContain(secret)
    expect(stored).not.toContain(Buffer.from(secret).toString('hex'))
  }
})

test('a refusal is in the security log under the id that the client was told', async () => {
  for (const path of ['/mcp', '/v1/tools', '/rpc', '/metrics']) {
    const method = path === '/mcp' || path === '/rpc' ? 'POST' : 'GET'
    const response = await ask(method, path, undefined, 'canary-wrong-token')
    const id = response.headers.get('x-request-id') ?? 'none'
    await until(`the log has ${path}`, async () => (await gateway.output()).includes(`"requestId":"${id}"`), 2_000)
  }
  expect(await gateway.output()).not.toContain('canary-wrong-token')
})
