import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startHttpApi } from '../fixtures/http-api.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { messagesOf, openRawClient, type Era, type RawRequest } from '../support/raw-client.ts'

// What is declared here answers over MCP as what an upstream offers does.

const stack = new AsyncDisposableStack()
let database: TestDatabase
let gateway: RunningGateway
let api: string
let tool: string
let server: string

beforeAll(async () => {
  api = stack.use(await startHttpApi()).origin
  database = stack.use(await testDatabase())
  gateway = stack.use(await startGateway({ env: { DATABASE_URL: database.url } }))
  const make = async (noun: string, body: object): Promise<string> => {
    const made = await gateway.api('POST', `/v1/${noun}`, body)
    expect([noun, made.status < 300]).toEqual([noun, true])
    return made.body.id
  }
  tool = await make('tools', { name: 'echo', url: `${api}/echo`, description: 'says it back' })
  const prompt = await make('prompts', { name: 'hello', template: 'Hello {{ who }}' })
  const resource = await make('resources', { uri: 'note://a', name: 'a', content: 'text' })
  await make('resources', { uri: 'page://x', uriTemplate: 'page://{n}', name: 'pages', content: 'any page' })
  server = await make('servers', {
    name: 's',
    associatedTools: [tool],
    associatedPrompts: [prompt],
    associatedResources: [resource],
  })
})
afterAll(async () => await stack.disposeAsync())

async function ask(path: string, era: Era, request: RawRequest): Promise<Record<string, never>> {
  using client = await openRawClient({ url: gateway.url + path, era, token: gateway.token })
  const answer = await client.call(request)
  return JSON.parse(messagesOf(answer).at(-1)?.toString() ?? '{}')
}

const REQUESTS: readonly (readonly [RawRequest, object])[] = [
  [
    { method: 'tools/list' },
    { tools: [{ name: 'echo', description: 'says it back', inputSchema: { type: 'object' } }] },
  ],
  [{ method: 'tools/call', name: 'echo', members: '"name":"echo","arguments":{"a":1}' }, { isError: false }],
  [
    { method: 'prompts/get', name: 'hello', members: '"name":"hello","arguments":{"who":"you"}' },
    { messages: [{ role: 'user', content: { type: 'text', text: 'Hello you' } }] },
  ],
  [
    { method: 'resources/read', name: 'note://a', members: '"uri":"note://a"' },
    { contents: [{ uri: 'note://a', mimeType: 'text/plain', text: 'text' }] },
  ],
  [
    {
      method: 'completion/complete',
      members: '"ref":{"type":"ref/prompt","name":"hello"},"argument":{"name":"who","value":""}',
    },
    { completion: { values: [] } },
  ],
]

describe.each(['legacy', 'modern'] as const)('%s clients', (era) => {
  test.each(REQUESTS)('$method', async (request, result) => {
    for (const path of ['/mcp', `/servers/${server}/mcp`])
      expect(await ask(path, era, request)).toMatchObject({ result })
  })

  test('a template answers for whatever matches it, on the aggregate and not where it is not selected', async () => {
    const request = { method: 'resources/read', name: 'page://7', members: '"uri":"page://7"' }
    expect(await ask('/mcp', era, request)).toMatchObject({
      result: { contents: [{ uri: 'page://7', text: 'any page' }] },
    })
    expect(await ask(`/servers/${server}/mcp`, era, request)).toHaveProperty('error')
  })
})

test('there is no endpoint of its own behind them', async () => {
  const answer = await fetch(`${gateway.url}/gateways/local/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.token}` },
  })
  expect(answer.status).toBe(404)
})

test('its calls are counted and recorded like any other', async () => {
  await gateway.api('POST', `/v1/tools/${tool}/call`, { arguments: {} })
  const until = performance.now() + 15_000
  for (let seen = 0; seen < 1 && performance.now() < until; await sleep(100)) {
    const { body } = await gateway.api('GET', `/v1/servers/${server}/tools?include_metrics=true`)
    seen = Number((body as unknown as { executionCount: number }[])[0]?.executionCount)
  }
  const rows = await database.sql<{ outcome: string; gateway_id: null; request_bytes: string }>(
    `SELECT outcome, gateway_id, attempts FROM usage_records WHERE kind = 'tool' AND target_id = $1`,
    [tool],
  )
  expect(rows[0]).toMatchObject({ outcome: 'ok', gateway_id: null, attempts: 1 })
})

test('secrets of a tool are sealed in the database and absent from the audit log', async () => {
  const { body } = await gateway.api('POST', '/v1/tools', {
    name: 'sealed',
    url: `${api}/echo`,
    headers: { 'X-Key': 'hush-hush' },
    authType: 'bearer',
    authToken: 'very-secret',
  })
  const [row] = await database.sql('SELECT to_jsonb(t)::text AS text FROM tools AS t WHERE id = $1', [body.id])
  const log = await database.sql(`SELECT detail FROM audit_log WHERE target_id = $1`, [body.id])
  for (const text of [JSON.stringify(row), JSON.stringify(log), JSON.stringify(body)]) {
    expect(text).not.toContain('hush-hush')
    expect(text).not.toContain('very-secret')
  }
  expect(log).toHaveLength(1)
})

test('writers that meet do not undo one another', async () => {
  const { body } = await gateway.api('POST', '/v1/tools', { name: 'busy', url: `${api}/echo` })
  const said = [{ title: 'T' }, { description: 'D' }, { requestType: 'GET' }, { timeoutMs: 7 }, { displayName: 'N' }]
  const answers = await Promise.all(said.map((one) => gateway.api('PUT', `/v1/tools/${body.id}`, one)))
  expect(answers.map(({ status }) => status)).toEqual(said.map(() => 200))
  expect((await gateway.api('GET', `/v1/tools/${body.id}`)).body).toMatchObject(Object.assign({}, ...said))
})

test('what an API answers and nobody can read is an error of the call, and the gateway goes on', async () => {
  const body = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  const made = await gateway.api('POST', '/v1/tools', { name: 'deep', url: `${api}/raw`, requestType: 'POST' })
  const answer = await gateway.api('POST', `/v1/tools/${made.body.id}/call`, { arguments: { body } })
  expect([200, 502]).toContain(answer.status)
  expect((await gateway.api('GET', '/v1/tools')).status).toBe(200)
})
