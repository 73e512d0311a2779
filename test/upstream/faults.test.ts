import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { Canceller } from '#/lib/canceller.ts'
import type { UpstreamLimits } from '#/upstream/options.ts'
import {
  call,
  fakeServer,
  gatewayAt,
  json,
  parsed,
  requestTo,
  startUpstreams,
  type Handle,
} from '../support/upstream-calls.ts'

const stop: Handle = (_q, r) => void r.writeHead(200, { 'content-type': 'application/json' }).write('{"jsonrpc":')

async function faulty(handle: Handle, limits: Partial<UpstreamLimits> = {}) {
  await using server = await fakeServer(handle)
  await using parts = startUpstreams(limits)
  const began = performance.now()
  const heard = await call(parts.upstreams, requestTo(gatewayAt(server.url)))
  return { ...heard, ms: performance.now() - began, seen: server.seen }
}

describe('each fault gives one clear error', () => {
  test.each<[string, Handle, string, RegExp]>([
    [
      'reset',
      (_q, r) => void r.socket?.resetAndDestroy(),
      'upstream_unreachable',
      /closed the connection without an answer/,
    ],
    [
      'half a JSON body',
      (_q, r) =>
        void r
          .writeHead(200, { 'content-type': 'application/json', 'content-length': 100 })
          .write('{"jso', () => r.destroy()),
      'upstream_invalid',
      /broke off/,
    ],
    [
      'half an event stream',
      (_q, r) => void r.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"jso', () => r.destroy()),
      'upstream_invalid',
      /broke off/,
    ],
    [
      'a stream without an answer',
      (_q, r) =>
        void r.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {"method":"notifications/x"}\n\n'),
      'upstream_invalid',
      /without an answer/,
    ],
    [
      'HTML',
      (_q, r) => void r.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      'upstream_invalid',
      /HTML.*often ends in \/mcp/,
    ],
    [
      'a redirect',
      (_q, r) => void r.writeHead(307, { location: 'http://10.0.0.1/mcp' }).end(),
      'upstream_invalid',
      /redirects to http:\/\/10/,
    ],
    ['202', (_q, r) => void r.writeHead(202).end(), 'upstream_invalid', /answered 202/],
    [
      'an empty body',
      (_q, r) => void r.writeHead(200, { 'content-type': 'application/json' }).end(),
      'upstream_invalid',
      /empty answer/,
    ],
    ['401', (_q, r) => void r.writeHead(401).end(), 'upstream_invalid', /refused our credentials/],
    ['500', (_q, r) => void r.writeHead(500).end('oops'), 'upstream_unreachable', /answered 500/],
    ['429', (_q, r) => void r.writeHead(429, { 'retry-after': '7' }).end(), 'upstream_busy', /overloaded/],
    [
      'compressed',
      (_q, r) => void r.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'br' }).end('x'),
      'upstream_invalid',
      /not MCP/,
    ],
  ])('%s', async (_name, handle, code, sentence) => {
    const heard = await faulty(handle)
    expect(heard.error).toMatchObject({ code, message: expect.stringMatching(sentence) })
    expect(heard.report.attempts).toBe(1)
  })

  test('a server that hangs: at the deadline, and the circuit hears of it', async () => {
    const heard = await faulty(() => {}, { totalMs: 200 })
    expect(heard.error?.code).toBe('upstream_timeout')
    expect(heard.report.mayHaveRun).toBe(true)
    expect(heard.ms).toBeLessThan(2_000)
  })

  test('a JSON body that stops half-way: at the idle deadline', async () => {
    const heard = await faulty(stop, { idleMs: 150 })
    expect(heard.error).toMatchObject({ code: 'upstream_timeout', message: expect.stringMatching(/half-way/) })
  })

  test('progress without end: at the total deadline, and the legacy server is told', async () => {
    await using server = await fakeServer((_q, r, body) => {
      if (parsed(body).method !== 'tools/call') {
        r.writeHead(202).end()
        return
      }
      r.writeHead(200, { 'content-type': 'text/event-stream' })
      const timer = setInterval(() => r.write('data: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n'), 10)
      r.on('close', () => clearInterval(timer))
    })
    await using parts = startUpstreams()
    const heard = await call(parts.upstreams, requestTo(gatewayAt(server.url, { timeoutMs: 1_000 })))
    expect(heard.error).toMatchObject({ code: 'upstream_timeout', message: expect.stringMatching(/no end/) })
    expect(heard.messages.length).toBeGreaterThan(3)
    await expect.poll(() => server.seen).toContain('POST notifications/cancelled')
  })

  test('bytes that are not HTTP', async () => {
    const server = createServer((socket: Socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH\r\n'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    await using parts = startUpstreams()
    const { port } = server.address() as AddressInfo
    const heard = await call(parts.upstreams, requestTo(gatewayAt(`http://127.0.0.1:${String(port)}/`)))
    expect(heard.error).toMatchObject({ code: 'upstream_invalid', message: expect.stringMatching(/HTTP/) })
    server.close()
  })
})

test('a JSON-RPC error in a 4xx is the answer, with our id put in where the server knew none', async () => {
  const error = { code: -32602, message: 'no such tool', data: { big: 1 } }
  const known = await faulty((_q, r, body) => json(r, { jsonrpc: '2.0', id: parsed(body).id, error }, 400))
  expect(JSON.parse(known.messages[0] ?? '')).toMatchObject({ id: known.start?.upstreamId, error })
  const unknown = await faulty((_q, r) => json(r, { jsonrpc: '2.0', id: null, error }, 400))
  expect(JSON.parse(unknown.messages[0] ?? '')).toEqual({ jsonrpc: '2.0', id: unknown.start?.upstreamId, error })
})

describe('a client that goes away', () => {
  test('a legacy server is told, a modern one sees the stream close; at once, also while connecting', async () => {
    const closed: string[] = []
    await using server = await fakeServer((_q, r, body) => {
      const { method } = parsed(body)
      if (method === 'tools/call') r.on('close', () => closed.push(method))
      else r.writeHead(202).end()
    })
    await using parts = startUpstreams()
    for (const [era, revision] of [
      ['legacy', '2025-11-25'],
      ['modern', '2026-07-28'],
    ] as const) {
      const gone = new Canceller()
      const asked = call(parts.upstreams, requestTo(gatewayAt(server.url, { era, revision }), { signal: gone.signal }))
      const before = server.seen.length
      await expect.poll(() => server.seen.length).toBe(before + 1)
      gone.abort(new Error('gone'))
      const heard = await asked
      expect(heard.error?.code).toBe('client_gone')
      expect(heard.report.mayHaveRun).toBe(true)
      await expect.poll(() => closed.splice(0)).toEqual(['tools/call'])
    }
    expect(server.seen.filter((one) => one === 'POST notifications/cancelled')).toHaveLength(1)
    const connecting = new Canceller()
    const asked = call(parts.upstreams, requestTo(gatewayAt('http://10.255.255.1:81/'), { signal: connecting.signal }))
    connecting.abort(new Error('gone'))
    const heard = await asked
    expect(heard).toMatchObject({ error: { code: 'client_gone' }, report: { mayHaveRun: false } })
  })
})

test('an event stream that goes on after its answer does not hold the call', async () => {
  await using server = await fakeServer((_q, r, body) => {
    r.writeHead(200, { 'content-type': 'text/event-stream' })
    r.write(`data: {"jsonrpc":"2.0","id":${String(parsed(body).id)},"result":{}}\n\n`)
  })
  await using parts = startUpstreams()
  const began = performance.now()
  const heard = await call(parts.upstreams, requestTo(gatewayAt(server.url)))
  expect(heard.error).toBeUndefined()
  expect(performance.now() - began).toBeLessThan(2_000)
})
