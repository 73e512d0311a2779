import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

const owned = new AsyncDisposableStack()
let gateway: RunningGateway

beforeAll(async () => {
  const upstream = owned.use(await startSlowServer())
  gateway = owned.use(await startGateway())
  await gateway.register('up', upstream.at('legacy'))
})
afterAll(() => owned.disposeAsync())

interface Told {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

async function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Told> {
  const answer = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: JSON.parse(text) as unknown }
}

test.each(['/initialize', '/protocol/initialize', '/v1/protocol/initialize'])(
  '%s takes the params and answers the bare result, in either casing',
  async (path) => {
    const rpc = await post('/rpc', {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } },
    })
    const { result } = rpc.body as { readonly result: object }
    for (const params of [{ protocolVersion: '2025-06-18', capabilities: {} }, { protocol_version: '2025-06-18' }]) {
      const { status, body, headers } = await post(path, params)
      expect([status, body]).toEqual([200, result])
      const session = { 'mcp-session-id': headers.get('mcp-session-id') ?? '' }
      const listed = await post(
        '/mcp',
        { jsonrpc: '2.0', id: 2, method: 'tools/list' },
        { ...session, accept: 'application/json' },
      )
      expect(listed.body).toMatchObject({ id: 2, result: { tools: [{}, {}] } })
    }
    const { status, body } = await post(path, { capabilities: {} })
    expect([status, body]).toEqual([400, expect.objectContaining({ detail: 'Missing protocol version' })])
  },
)

test('ping is JSON-RPC both ways, and no other method is answered', async () => {
  const ping = { jsonrpc: '2.0', id: 'p', method: 'ping' }
  expect(await post('/protocol/ping', ping)).toMatchObject({
    status: 200,
    body: { jsonrpc: '2.0', id: 'p', result: {} },
  })
  const other = await post('/v1/protocol/ping', { ...ping, method: 'tools/list' })
  expect(other).toMatchObject({ status: 400, body: { jsonrpc: '2.0', id: 'p', error: { code: -32600 } } })
  expect((await post('/protocol/ping', { jsonrpc: '2.0', method: 'ping' })).status).toBe(400)
})

test.each(['/notifications', '/protocol/notifications', '/v1/protocol/notifications'])(
  '%s is answered null, with the envelope or without',
  async (path) => {
    for (const said of [
      { method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 3, method: 'notifications/progress' },
    ])
      expect(await post(path, said)).toMatchObject({ status: 200, body: null })
    expect((await post(path, {})).status).toBe(400)
  },
)

test('a notification that cancels is heeded in its session', async () => {
  const begun = await post('/initialize', { protocolVersion: '2025-11-25' })
  const session = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '', accept: 'application/json' }
  const params = { name: 'up-slow', arguments: { ms: 20_000 } }
  let over = false
  const call = post('/mcp', { jsonrpc: '2.0', id: 7, method: 'tools/call', params }, session).finally(
    () => (over = true),
  )
  const cancel = { method: 'notifications/cancelled', params: { requestId: 7 } }
  await vi.waitFor(
    async () => {
      expect((await post('/notifications', cancel, session)).status).toBe(200)
      expect(over).toBe(true)
    },
    { timeout: 10_000, interval: 200 },
  )
  expect((await call).status).not.toBe(200)
})

const COMPLETE = { ref: { type: 'ref/prompt', name: 'up-slow' }, argument: { name: 'ms', value: '' } }

test('a completion takes the params and answers the bare result; what is wrong is 400, what JSON-RPC would not let in is not', async () => {
  const done = await post('/protocol/completion/complete', COMPLETE)
  expect([done.status, done.body]).toEqual([200, { completion: { values: ['5000'] } }])
  const nobody = await post('/protocol/completion/complete', {
    ...COMPLETE,
    ref: { type: 'ref/prompt', name: 'nobody-has-this' },
  })
  expect([nobody.status, nobody.body]).toEqual([400, expect.objectContaining({ code: 'invalid_request' })])
  const server_id = '0'.repeat(32)
  expect((await post('/protocol/completion/complete', { ...COMPLETE, server_id })).status).toBe(404)
  const sampled = await post('/protocol/sampling/createMessage', { messages: [], maxTokens: 1 })
  expect([sampled.status, sampled.body]).toEqual([
    400,
    expect.objectContaining({ detail: expect.stringContaining('sampling/createMessage is not offered') as string }),
  ])
})

test.each([
  ['no object', '[]', 400],
  ['two values', '{},"method":"tools/list"', 400],
  ['a key twice', '{"protocolVersion":"2025-11-25","protocolVersion":"2024-11-05"}', 400],
  ['a text', '"x"', 400],
])('%s is no body of any', async (_, body, status) => {
  for (const path of ['/initialize', '/protocol/ping', '/notifications', '/protocol/completion/complete'])
    expect([path, (await post(path, body)).status]).toEqual([path, status])
})

test('other methods and types are refused by what would do', async () => {
  const got = await fetch(`${gateway.url}/initialize`, { headers: { authorization: `Bearer ${gateway.token}` } })
  expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST'])
  expect((await post('/initialize', '{}', { 'content-type': 'text/plain' })).status).toBe(415)
})
