import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { call, fakeServer, gatewayAt, json, parsed, requestTo, startUpstreams } from '../support/upstream-calls.ts'
import { Canceller } from '#/lib/canceller.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

const OLD = [{ header: 'Zone', path: ['region'], type: 'string' }] as const
const CALL =
  '{"jsonrpc":"2.0","id":"c1","method":"tools/call","params":{"name":"x","arguments":{"region":"eu","n":1},"_meta":{}}}'

/** A modern server whose tool wants one of its arguments as the header `wants`; `declares` is what its list says. */
async function renamedHeader() {
  const state = { wants: 'Region', declares: 'Region', ran: 0, lists: 0, listDelayMs: 0 }
  const server = await fakeServer((request, response, body) => {
    const { id, method } = parsed(body)
    if (method === 'tools/list') {
      state.lists++
      const region = { type: 'string', 'x-mcp-header': state.declares }
      const tools = [{ name: 'tool', inputSchema: { type: 'object', properties: { region } } }]
      const result = { resultType: 'complete', ttlMs: 0, cacheScope: 'private', tools }
      return void setTimeout(() => json(response, { jsonrpc: '2.0', id, result }), state.listDelayMs)
    }
    if (said(request, state.wants) !== 'eu')
      return json(response, { jsonrpc: '2.0', id, error: { code: -32020, message: 'Header mismatch' } }, 400)
    state.ran++
    json(response, { jsonrpc: '2.0', id, result: { resultType: 'complete', content: [] } })
  })
  return Object.assign(server, { state })
}

function said(request: IncomingMessage, header: string): unknown {
  return request.headers[`mcp-param-${header.toLowerCase()}`]
}

const modern = (url: string) => gatewayAt(url, { era: 'modern', revision: '2026-07-28' })
const about = { clientRevision: '2026-07-28', paramHeaders: OLD } as const

test('headers that a server refuses are made once more from what it declares now, and later calls know', async () => {
  await using server = await renamedHeader()
  await using parts = startUpstreams()
  const gateway = modern(server.url)
  const first = await Promise.all([1, 2, 3].map(() => call(parts.upstreams, requestTo(gateway, about, CALL))))
  for (const { error, messages, report } of first) {
    expect(error).toBeUndefined()
    expect(messages).toEqual([expect.stringContaining('"result"')])
    expect(report).toMatchObject({ attempts: 2, mayHaveRun: true })
  }
  expect(server.state).toMatchObject({ ran: 3, lists: 1 })
  expect((await call(parts.upstreams, requestTo(gateway, about, CALL))).report.attempts).toBe(1)
  // Once the catalog says something else, that counts again.
  const renewed = { ...about, paramHeaders: [{ ...OLD[0], header: 'Region' }] }
  expect((await call(parts.upstreams, requestTo(gateway, renewed, CALL))).report.attempts).toBe(1)
  expect(server.state.lists).toBe(1)
})

test('what is refused again is the answer, and the list is not read for each such call', async () => {
  await using server = await renamedHeader()
  server.state.wants = 'Never'
  await using parts = startUpstreams()
  const gateway = modern(server.url)
  const attempts: number[] = []
  for (let n = 0; n < 3; n++) {
    const { messages, report } = await call(parts.upstreams, requestTo(gateway, about, CALL))
    expect(messages).toEqual([expect.stringContaining('-32020')])
    attempts.push(report.attempts)
  }
  expect(attempts).toEqual([2, 1, 1])
  expect(server.state).toMatchObject({ ran: 0, lists: 1 })
})

test('a tool that is not listed any more, and a list that cannot be read, leave the refusal as it is', async () => {
  await using server = await renamedHeader()
  await using parts = startUpstreams()
  const gone = await call(parts.upstreams, requestTo(modern(server.url), { ...about, name: 'gone' }, CALL))
  expect(gone.messages).toEqual([expect.stringContaining('-32020')])
  expect(gone.report.attempts).toBe(1)
  const { handle } = server
  server.handle = (request, response, body) =>
    parsed(body).method === 'tools/list' ? void response.writeHead(500).end() : handle(request, response, body)
  const unread = await call(parts.upstreams, requestTo(modern(server.url), about, CALL))
  expect(unread.messages).toEqual([expect.stringContaining('-32020')])
  expect(unread.report.attempts).toBe(1)
})

test('a client that leaves while the list is read leaves a call that never ran', async () => {
  await using server = await renamedHeader()
  server.state.listDelayMs = 300
  await using parts = startUpstreams()
  const client = new Canceller()
  const left = call(parts.upstreams, requestTo(modern(server.url), { ...about, signal: client.signal }, CALL))
  await expect.poll(() => server.state.lists).toBe(1)
  client.abort(new GatewayError('client_gone', 'gone'))
  expect(await left).toMatchObject({ error: { code: 'client_gone' }, report: { attempts: 1, mayHaveRun: false } })
  await new Promise((resolve) => {
    setTimeout(resolve, 500)
  })
  expect(server.state.ran).toBe(0)
  expect(server.seen).toEqual(['POST tools/call', 'POST tools/list'])
})
