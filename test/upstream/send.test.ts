import { expect, test } from 'vitest'
import { createUpstreams, type UpstreamsOptions } from '#/upstream/create-upstreams.ts'
import { call, echo, fakeServer, gatewayAt, json, parsed, requestTo } from '../support/upstream-calls.ts'

function start(over: Partial<UpstreamsOptions> = {}) {
  return createUpstreams({
    vault: { headers: () => ({ authorization: 'Bearer upstream-secret' }) },
    policy: { allowPrivate: true },
    clientInfo: { name: 'causeway', version: '0' },
    ...over,
  })
}

test('a stateless legacy server: no handshake, spliced bytes, our id and name', async () => {
  await using server = await fakeServer(echo)
  await using parts = start()
  const heard = await call(parts.upstreams, requestTo(gatewayAt(server.url)))
  expect(heard.error).toBeUndefined()
  expect(heard.start?.revision).toBe('2025-11-25')
  expect(server.seen).toEqual(['POST tools/call'])
  expect(heard.messages).toHaveLength(1)
  expect(JSON.parse(heard.messages[0] ?? '')).toMatchObject({
    id: heard.start?.upstreamId,
    result: { params: { name: 'tool' } },
  })
  expect(heard.report).toMatchObject({ attempts: 1, mayHaveRun: true, revision: '2025-11-25' })
})

test('a modern server gets its envelope and its headers, and never what the client set itself', async () => {
  let headers: Record<string, unknown> = {}
  await using server = await fakeServer((request, response, body) => {
    headers = request.headers
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}\n\n')
    response.end(`data: {"jsonrpc":"2.0","id":${String(parsed(body).id)},"result":{"resultType":"complete"}}\n\n`)
  })
  await using parts = start()
  const gateway = gatewayAt(server.url, { era: 'modern', revision: '2026-07-28' })
  const passthrough = {
    authorization: 'Bearer client',
    'mcp-name': 'evil',
    'x-tenant': 't1',
    'mcp-param-extra': 'kept',
    host: 'evil',
  }
  const heard = await call(parts.upstreams, requestTo(gateway, { passthrough, name: 'größe' }))
  expect(heard.error).toBeUndefined()
  expect(heard.messages).toHaveLength(2)
  expect(headers).toMatchObject({
    authorization: 'Bearer upstream-secret',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': `=?base64?${Buffer.from('größe').toString('base64')}?=`,
    'x-tenant': 't1',
    'mcp-param-extra': 'kept',
    'x-request-id': 'request-1',
    host: new URL(server.url).host,
  })
})

test('an era that is not known yet is found out once', async () => {
  await using server = await fakeServer((_request, response, body) => {
    const { id, method } = parsed(body)
    if (method === 'tools/call') return json(response, { jsonrpc: '2.0', id, result: {} })
    if (method !== 'server/discover') return response.writeHead(404).end()
    json(response, {
      jsonrpc: '2.0',
      id,
      result: { supportedVersions: ['2026-07-28'], capabilities: {}, resultType: 'complete' },
    })
  })
  await using parts = start()
  const gateway = gatewayAt(server.url, { era: null, revision: null })
  const heard = await Promise.all([1, 2, 3].map(() => call(parts.upstreams, requestTo(gateway))))
  expect(heard.map((one) => one.error)).toEqual([undefined, undefined, undefined])
  expect(server.seen.filter((one) => one === 'POST server/discover')).toHaveLength(1)
  expect(heard[0]?.start?.revision).toBe('2026-07-28')
})
