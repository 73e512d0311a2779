import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { createUpstreams } from '#/upstream/create-upstreams.ts'
import type { Flow } from '#/upstream/http1-connection.ts'
import { exchange, lanesTo, rawServer } from '../support/lane-exchange.ts'
import { TEST_CERTIFICATE, TEST_KEY } from '../support/test-certificate.ts'
import { call, echo, fakeServer, gatewayAt, requestTo } from '../support/upstream-calls.ts'

const EMPTY = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
const aWhile = (ms: number) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
const answer = (text: string) => (socket: Socket) => void socket.write(text)

describe('a connection serves again', () => {
  test.each<[string, string, number]>([
    ['after a length', EMPTY, 1],
    ['after chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n', 1],
    ['not after close', 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n', 3],
    ['not in HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n', 3],
    [
      'not where the server closes within two seconds',
      'HTTP/1.1 200 OK\r\nkeep-alive: timeout=2\r\ncontent-length: 0\r\n\r\n',
      3,
    ],
    ['not after bytes that nobody asked for', `${EMPTY}${EMPTY}`, 3],
  ])('%s', async (_name, text, sockets) => {
    await using server = await rawServer(answer(text))
    using lanes = lanesTo(server.url)
    for (let i = 0; i < 3; i++) expect((await exchange(lanes)).error).toBeUndefined()
    expect(server.sockets).toHaveLength(sockets)
  })

  test.each<[string, (socket: Socket) => void]>([
    ['bytes', (socket) => void socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n')],
    ['its end', (socket) => void socket.end()],
    ['a reset', (socket) => void socket.resetAndDestroy()],
  ])('unless the server sends %s meanwhile', async (_name, meanwhile) => {
    await using server = await rawServer(answer(EMPTY))
    using lanes = lanesTo(server.url)
    await exchange(lanes)
    const [first] = server.sockets
    const closed = once(first as Socket, 'close')
    meanwhile(first as Socket)
    await closed
    // What the server did is on its way to us.
    await aWhile(50)
    expect((await exchange(lanes)).error).toBeUndefined()
    expect(server.sockets).toHaveLength(2)
  })

  test('an idle one closes before the server would, and use puts it off', async () => {
    await using server = await rawServer(
      answer('HTTP/1.1 200 OK\r\nkeep-alive: timeout=3\r\ncontent-length: 0\r\n\r\n'),
    )
    using lanes = lanesTo(server.url)
    await exchange(lanes)
    await aWhile(600)
    await exchange(lanes)
    const began = performance.now()
    await once(server.sockets[0] as Socket, 'close')
    expect(performance.now() - began).toBeGreaterThan(900)
    expect(performance.now() - began).toBeLessThan(1500)
    expect(server.sockets).toHaveLength(1)
  })

  test('not when its time has passed while we were busy', async () => {
    await using server = await rawServer(
      answer('HTTP/1.1 200 OK\r\nkeep-alive: timeout=3\r\ncontent-length: 0\r\n\r\n'),
    )
    using lanes = lanesTo(server.url)
    await exchange(lanes)
    const until = performance.now() + 1050
    while (performance.now() < until);
    expect((await exchange(lanes)).error).toBeUndefined()
    expect(server.sockets).toHaveLength(2)
  })

  test('over TLS too', async () => {
    const large = Buffer.alloc(1 << 20, 'x')
    let connections = 0
    const server = createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, (request, response) => {
      request.pipe(response)
    })
    server.on('secureConnection', () => connections++).listen(0, '127.0.0.1')
    await once(server, 'listening')
    using lanes = lanesTo(`https://tls.test:${String((server.address() as AddressInfo).port)}/`, TEST_CERTIFICATE)
    for (const body of [Buffer.from('ü'), large, Buffer.from('z')])
      expect((await exchange(lanes, { method: 'POST', body })).body.equals(body)).toBe(true)
    expect(connections).toBe(1)
    server.closeAllConnections()
    server.close()
  })

  test('an end that comes while nobody reads does not stop the next exchange', async () => {
    let flow: Flow | undefined
    await using server = await rawServer(answer('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc'))
    using lanes = lanesTo(server.url)
    const onRequestStart = (started: Flow): void => {
      flow = started
    }
    await exchange(lanes, {}, { onRequestStart, onResponseData: () => flow?.pause() })
    expect((await exchange(lanes)).body.toString()).toBe('abc')
    expect(server.sockets).toHaveLength(1)
  })

  test('not where the answer overtakes the request', async () => {
    await using server = await rawServer((socket) => {
      if (socket.isPaused()) return
      socket.pause()
      socket.write('HTTP/1.1 413 x\r\ncontent-length: 0\r\n\r\n')
    })
    using lanes = lanesTo(server.url)
    const heard = await exchange(lanes, { method: 'POST', body: Buffer.alloc(32 << 20) })
    expect(heard).toMatchObject({ status: 413, error: undefined })
    expect((await exchange(lanes)).status).toBe(413)
    expect(server.sockets).toHaveLength(2)
  })
})

describe('what breaks it off', () => {
  test.each<[string, (socket: Socket) => void, object]>([
    ['an end without a word', (socket) => void socket.end(), { kind: 'closed' }],
    ['a reset', (socket) => void socket.resetAndDestroy(), { code: 'ECONNRESET' }],
    ['an end in the head', (socket) => void socket.end('HTTP/1.1 200 OK\r\ncont'), { kind: 'closed' }],
    [
      'an end in the body',
      (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'),
      { kind: 'closed' },
    ],
    ['no HTTP, though it stays open', (socket) => void socket.write('220 mail.test ESMTP\r\n'), { kind: 'protocol' }],
    [
      'two framings',
      (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n'),
      { kind: 'protocol' },
    ],
  ])('%s', async (_name, act, error) => {
    await using server = await rawServer((socket) => act(socket))
    using lanes = lanesTo(server.url)
    expect((await exchange(lanes)).error).toMatchObject(error)
    expect(lanes.idle).toBe(0)
  })

  test('whoever reads and cannot go on', async () => {
    await using server = await rawServer(answer('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'))
    using lanes = lanesTo(server.url)
    const onResponseData = (): never => {
      throw new Error('no more')
    }
    expect((await exchange(lanes, {}, { onResponseData })).error?.message).toBe('no more')
    await once(server.sockets[0] as Socket, 'close')
  })

  test('a cut while it connects, waits and reads: the server sees it, the handler hears nothing more', async () => {
    await using server = await rawServer(answer('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'))
    using lanes = lanesTo(server.url)
    for (const when of ['connecting', 'waiting', 'reading'] as const) {
      const lane = lanes.takeFresh()
      const heard: string[] = []
      const cut = (): void => {
        heard.length = 0
        lanes.discard(lane)
      }
      const request = { method: 'POST', fields: '', body: Buffer.alloc(10) } as const
      lane.send(request, {
        onRequestStart: () => (when === 'waiting' ? queueMicrotask(cut) : heard.push('request')),
        onResponseStart: () => heard.push('start'),
        onResponseData: () => (when === 'reading' ? cut() : heard.push('data')),
        onResponseEnd: () => heard.push('end'),
        onResponseError: () => heard.push('error'),
      })
      if (when === 'connecting') cut()
      await aWhile(50)
      expect(heard).toEqual([])
      await expect.poll(() => server.sockets.every((socket) => socket.closed)).toBe(true)
    }
  })
})

test('a credential or a header of the client that would be more than one line is refused before anything is sent', async () => {
  await using server = await fakeServer(echo)
  let credential = 'Bearer secret\r\nx-evil: 1'
  await using parts = createUpstreams({
    vault: { headers: () => ({ authorization: credential }) },
    policy: { allowPrivate: true },
    clientInfo: { name: 'causeway', version: '0' },
  })
  const first = await call(parts.upstreams, requestTo(gatewayAt(server.url)))
  expect(first).toMatchObject({ error: { code: 'invalid_field' }, report: { mayHaveRun: false } })
  expect(first.error?.message).not.toContain('secret')
  credential = 'Bearer fine'
  const passthrough = { 'x-a': 'b\nc' }
  const second = await call(parts.upstreams, requestTo(gatewayAt(server.url), { passthrough }))
  expect(second.error?.code).toBe('invalid_field')
  expect(server.seen).toEqual([])
})
