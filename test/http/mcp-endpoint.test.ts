import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Buffer
}

interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

let gateway: RunningGateway
let upstream: Awaited<ReturnType<typeof startSlowServer>>
let own: string

beforeAll(async () => {
  upstream = await startSlowServer()
  gateway = await startGateway()
  const { id } = await gateway.register('slow', upstream.at('legacy'))
  own = `/gateways/${id}/mcp`
})

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

/** Sends exactly these headers (an empty value leaves one out) and waits for the whole answer. */
function ask({ method = 'POST', path = '/mcp', headers = {}, body }: Asked): Promise<Told> {
  const all: Record<string, string | readonly string[]> = {
    authorization: `Bearer ${gateway.token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...headers,
  }
  for (const [name, value] of Object.entries(all)) if (value === '') delete all[name]
  return new Promise((resolve, reject) => {
    const { port } = new URL(gateway.url)
    const sent = request({ host: '127.0.0.1', port, method, path, headers: all as never, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const INITIALIZE =
  '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}'
const LIST = '{"jsonrpc":"2.0","id":"l","method":"tools/list"}'
const MODERN_META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'
const modernBody = (method: string, members = ''): string =>
  `{"jsonrpc":"2.0","id":7,"method":"${method}","params":{${members}${MODERN_META}}}`
const modernHeaders = (method: string, name?: string) => ({
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': method,
  ...(name === undefined ? {} : { 'mcp-name': name }),
})
const rpcCode = ({ body }: Told): number | undefined => (JSON.parse(body) as { error?: { code: number } }).error?.code

describe('what is refused, and how', () => {
  const TABLE: readonly (readonly [string, Asked, number, number?])[] = [
    ['no token', { headers: { authorization: '' }, body: LIST }, 401, -32001],
    ['a wrong token', { headers: { authorization: 'Bearer cw_nope' }, body: LIST }, 401, -32001],
    ['two tokens', { headers: { authorization: ['Bearer a', 'Bearer b'] }, body: LIST }, 400, -32600],
    ['a foreign host', { headers: { host: 'evil.example' }, body: LIST }, 403, -32003],
    ['a foreign origin', { headers: { origin: 'https://evil.example' }, body: LIST }, 403, -32003],
    ['GET', { method: 'GET' }, 405, -32600],
    ['PUT', { method: 'PUT', body: LIST }, 405, -32600],
    ['no content type', { headers: { 'content-type': '' }, body: LIST }, 415, -32600],
    ['text', { headers: { 'content-type': 'text/plain' }, body: LIST }, 415, -32600],
    ['a client that accepts images', { headers: { accept: 'image/png' }, body: LIST }, 406, -32600],
    ['no JSON', { body: '{"jsonrpc":' }, 400, -32700],
    ['an empty body', { body: '' }, 400, -32700],
    ['a repeated key', { body: '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}' }, 400, -32700],
    ['keys equal but for case', { body: '{"jsonrpc":"2.0","id":1,"Method":"x","method":"ping"}' }, 400, -32700],
    ['bad UTF-8', { body: Buffer.from('{"jsonrpc":"2.0","id":1,"method":"\xff"}', 'latin1') }, 400, -32700],
    ['a batch', { body: `[${LIST}]` }, 400, -32600],
    ['an id that is null', { body: '{"jsonrpc":"2.0","id":null,"method":"ping"}' }, 400, -32600],
    [
      'nesting without end',
      { body: `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'['.repeat(5000)}` },
      400,
      -32700,
    ],
    ['an unknown legacy method', { body: '{"jsonrpc":"2.0","id":1,"method":"no/such"}' }, 200, -32601],
    [
      'subscribing, which comes later',
      { body: '{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"a:b"}}' },
      200,
      -32601,
    ],
    [
      'an unknown tool',
      { body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nope"}}' },
      200,
      -32602,
    ],
    ['a call without a name', { body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}' }, 200, -32602],
    [
      'an unknown prompt',
      { body: '{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"nope"}}' },
      200,
      -32602,
    ],
    [
      'an unknown resource',
      { body: '{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"x:y"}}' },
      200,
      -32002,
    ],
    [
      'a made-up cursor',
      { body: '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"abc"}}' },
      200,
      -32602,
    ],
    [
      'an unknown log level',
      { body: '{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"loud"}}' },
      200,
      -32602,
    ],
    ['an unknown session', { headers: { 'mcp-session-id': 'v1.x.abc' }, body: LIST }, 404, -32005],
    ['an unknown version', { headers: { 'mcp-protocol-version': '1999-01-01' }, body: LIST }, 400, -32022],
    ['an unknown virtual server', { path: `/servers/${'0'.repeat(32)}/mcp`, body: LIST }, 404, -32004],
    ['an unknown gateway', { path: `/gateways/${'0'.repeat(32)}/mcp`, body: LIST }, 404, -32004],
    ['modern without its header', { body: modernBody('tools/list') }, 400, -32020],
    [
      'modern with another method in the header',
      { headers: modernHeaders('tools/call'), body: modernBody('tools/list') },
      400,
      -32020,
    ],
    [
      'modern without a name header',
      { headers: modernHeaders('tools/call'), body: modernBody('tools/call', '"name":"x",') },
      400,
      -32020,
    ],
    [
      'modern with an unknown tool',
      { headers: modernHeaders('tools/call', 'x'), body: modernBody('tools/call', '"name":"x",') },
      200,
      -32602,
    ],
    ['modern with a removed method', { headers: modernHeaders('ping'), body: modernBody('ping') }, 404, -32601],
    [
      'modern listening, which comes later',
      { headers: modernHeaders('subscriptions/listen'), body: modernBody('subscriptions/listen') },
      404,
      -32601,
    ],
    [
      'modern accepting JSON alone',
      { headers: { ...modernHeaders('tools/list'), accept: 'application/json' }, body: modernBody('tools/list') },
      406,
      -32600,
    ],
  ]
  for (const [name, asked, status, code] of TABLE) {
    test(name, async () => {
      const told = await ask(asked)
      expect([told.status, rpcCode(told)]).toEqual([status, code])
      expect(told.headers['x-request-id']).toMatch(/^[\w-]+$/)
    })
  }

  test('a 401 says how to come in, a 405 what is allowed', async () => {
    expect((await ask({ headers: { authorization: '' }, body: LIST })).headers['www-authenticate']).toBe('Bearer')
    expect((await ask({ method: 'GET' })).headers['allow']).toBe('POST, DELETE')
  })

  test('a body over the limit is refused before it is read', async () => {
    const told = await ask({ headers: { 'content-length': String(5 << 20), expect: '' } })
    expect(told.status).toBe(413)
    expect(told.headers['connection']).toBe('close')
  })

  test('a refusal answers to the id that was asked with', async () => {
    const { body } = await ask({ headers: modernHeaders('tools/call'), body: modernBody('tools/list') })
    expect(JSON.parse(body)).toMatchObject({ id: 7, error: { code: -32020 } })
  })
})

describe('legacy sessions', () => {
  const open = async (path = '/mcp') => {
    const told = await ask({ path, body: INITIALIZE })
    expect(JSON.parse(told.body)).toMatchObject({ id: 1, result: { protocolVersion: '2025-06-18' } })
    return { 'mcp-session-id': String(told.headers['mcp-session-id']) }
  }

  test('last until they are deleted, on every worker', async () => {
    const session = await open()
    expect((await ask({ headers: session, body: LIST })).status).toBe(200)
    expect((await ask({ method: 'DELETE', headers: session })).status).toBe(204)
    expect((await ask({ headers: session, body: LIST })).status).toBe(404)
  })

  test('belong to the endpoint that made them', async () => {
    const session = await open()
    expect((await ask({ path: own, headers: session, body: LIST })).status).toBe(404)
  })

  test('an altered id does not open', async () => {
    const { 'mcp-session-id': id } = await open()
    const altered = id.slice(0, -2) + (id.endsWith('AA') ? 'BB' : 'AA')
    expect((await ask({ headers: { 'mcp-session-id': altered }, body: LIST })).status).toBe(404)
  })

  test('notifications/cancelled ends the call it names, and only that', async () => {
    const session = await open(own)
    const call = (id: number, ms: number) => ask({ path: own, headers: session, body: slowCall(id, ms) })
    const cancelled = call(1, 20_000)
    const other = call(2, 500)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const note = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}'
    expect((await ask({ path: own, headers: session, body: note })).status).toBe(202)
    const [first, second] = await Promise.all([cancelled, other])
    expect(first.status).not.toBe(200)
    expect(JSON.parse(second.body)).toMatchObject({ id: 2, result: {} })
  })
})

const slowCall = (id: number, ms: number): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"slow","arguments":{"ms":${ms}}}}`

test.each(['/health', '/ready', '/metrics'])('%s is read and nothing else', async (path) => {
  const headers = { accept: '*/*' }
  expect((await ask({ method: 'GET', path, headers })).status).toBe(200)
  const refused = await ask({ path, headers, body: '{}' })
  expect([refused.status, refused.headers['allow']]).toEqual([405, 'GET, HEAD'])
})

test('what is refused before its method is known answers in the era that the head tells', async () => {
  const errorOf = async (headers: Asked['headers']) =>
    JSON.parse((await ask({ headers, body: '{"jsonrpc":"2.0"' } as Asked)).body) as object
  expect(await errorOf({ 'mcp-protocol-version': '2025-11-25' })).toHaveProperty('id', null)
  expect(await errorOf({ 'mcp-protocol-version': '2026-07-28' })).not.toHaveProperty('id')
})

test('/rpc answers without session or version, and narrows to a virtual server', async () => {
  const listed = await ask({ path: '/rpc', body: LIST })
  expect(JSON.parse(listed.body)).toMatchObject({ id: 'l', result: { tools: expect.any(Array) } })
  const without = await ask({ path: '/rpc', body: '{"jsonrpc":"2.0","method":"ping"}' })
  expect(JSON.parse(without.body)).toMatchObject({ id: expect.any(String), result: {} })
  const nowhere = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"server_id":"${'0'.repeat(32)}"}}`
  expect((await ask({ path: '/rpc', body: nowhere })).status).toBe(404)
})

test('a client that goes away takes its call with it within a second', async () => {
  const cancelled = (): number => upstream.counters.requests['notifications/cancelled'] ?? 0
  const before = cancelled()
  const controller = new AbortController()
  const gone = fetch(`${gateway.url}${own}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: slowCall(9, 20_000),
    signal: controller.signal,
  })
  await new Promise((resolve) => setTimeout(resolve, 300))
  controller.abort()
  await expect(gone).rejects.toThrow()
  await expect.poll(cancelled, { timeout: 1_000 }).toBeGreaterThan(before)
})
