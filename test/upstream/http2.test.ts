import { constants } from 'node:http2'
import { expect, test } from 'vitest'
import type { CatalogGateway } from '#/catalog/model.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { Canceller } from '#/lib/canceller.ts'
import { answerJson, echoHttp2, http2Server } from '../support/http2-server.ts'
import { TEST_CERTIFICATE } from '../support/test-certificate.ts'
import { call, echo, fakeServer, gatewayAt, parsed, requestTo, startUpstreams } from '../support/upstream-calls.ts'

const gatewayOf = (url: string, over: Partial<CatalogGateway> = {}) => gatewayAt(url, { httpVersion: '2', ...over })

test.each([true, false])('many calls share a connection, tls: %s', async (tls) => {
  const seen: unknown[] = []
  await using server = await http2Server(
    (request) => {
      const { headers } = request
      seen.push([headers[':path'], headers['content-length'], headers['mcp-protocol-version'], headers['x-odd']])
      echoHttp2(request)
    },
    { tls },
  )
  await using parts = startUpstreams()
  const gateway = gatewayOf(server.url, { caCertificate: tls ? TEST_CERTIFICATE : null })
  const heard = await Promise.all(
    Array.from({ length: 50 }, () => call(parts.upstreams, requestTo(gateway, { passthrough: { 'x-odd': 'é' } }))),
  )
  for (const { error, messages } of heard) {
    expect(error).toBeUndefined()
    expect(messages[0]).toContain('"n":12345678901234567000')
  }
  expect(server.opened()).toBe(1)
  expect(seen[0]).toEqual(['/mcp?a=b', expect.stringMatching(/^\d+$/), '2025-11-25', 'é'])
})

test('a server that wants a client certificate is told apart from one that does not speak HTTP/2', async () => {
  await using server = await http2Server(echoHttp2, { tls: true, requestCert: true })
  await using parts = startUpstreams()
  const { error } = await call(parts.upstreams, requestTo(gatewayOf(server.url, { caCertificate: TEST_CERTIFICATE })))
  expect(error).toMatchObject({ code: 'upstream_unreachable', message: expect.stringContaining('client certificate') })
})

test('what the server takes at a time is kept to; more connections are few, and the rest waits', async () => {
  let most = 0
  const running = new Map<unknown, number>()
  await using server = await http2Server(
    (request) => {
      const { session } = request.stream
      running.set(session, (running.get(session) ?? 0) + 1)
      most = Math.max(most, running.get(session) ?? 0)
      setTimeout(() => {
        running.set(session, (running.get(session) ?? 0) - 1)
        echoHttp2(request)
      }, 20)
    },
    { settings: { maxConcurrentStreams: 5 } },
  )
  await using parts = startUpstreams()
  const gateway = gatewayOf(server.url)
  const heard = await Promise.all(Array.from({ length: 200 }, () => call(parts.upstreams, requestTo(gateway))))
  expect(heard.filter(({ error }) => error !== undefined)).toEqual([])
  expect(most).toBe(5)
  expect(server.opened()).toBeLessThanOrEqual(8)
})

test('a server that speaks HTTP/1.1 only is an error that names the field', async () => {
  await using server = await fakeServer(echo)
  await using parts = startUpstreams()
  const { error } = await call(parts.upstreams, requestTo(gatewayOf(server.url)))
  expect(error).toMatchObject({ code: 'upstream_invalid', field: 'httpVersion' })
  expect(error?.message).toMatch(/does not speak HTTP\/2 .*leave http_version out/)
})

test('GOAWAY: what runs goes on, what comes next goes to another connection', async () => {
  const held: (() => void)[] = []
  await using server = await http2Server((request) => {
    if (server.opened() > 1) return echoHttp2(request)
    held.push(() => echoHttp2(request))
    request.stream.session?.goaway(constants.NGHTTP2_NO_ERROR)
  })
  await using parts = startUpstreams()
  const gateway = gatewayOf(server.url)
  const first = call(parts.upstreams, requestTo(gateway))
  await expect.poll(() => held.length).toBe(1)
  await new Promise((resolve) => {
    setTimeout(resolve, 50)
  })
  expect((await call(parts.upstreams, requestTo(gateway))).error).toBeUndefined()
  expect(server.opened()).toBe(2)
  for (const go of held) go()
  expect((await first).error).toBeUndefined()
})

test('GOAWAY with an error: what the server has not begun is sent again elsewhere, the rest is not', async () => {
  const begun: unknown[] = []
  await using server = await http2Server((request) => {
    if (server.opened() > 1) return echoHttp2(request)
    begun.push(request.stream.id)
    if (begun.length === 2) request.stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 1)
  })
  await using parts = startUpstreams()
  const gateway = gatewayOf(server.url)
  const [first, second] = await Promise.all([1, 2].map(() => call(parts.upstreams, requestTo(gateway))))
  expect(begun).toEqual([1, 3])
  expect(first).toMatchObject({ error: { code: 'upstream_unreachable' }, report: { attempts: 1, mayHaveRun: true } })
  expect(second).toMatchObject({ error: undefined, report: { attempts: 2 } })
})

test('a stream that the server has not begun is sent again; one that it broke off is not', async () => {
  let count = 0
  await using server = await http2Server((request) => {
    count++
    const name = String(parsed(request.body).params['name'])
    if (name === 'refused' && count === 1) request.stream.close(constants.NGHTTP2_REFUSED_STREAM)
    else if (name === 'broken') request.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    else echoHttp2(request)
  })
  await using parts = startUpstreams()
  const gateway = gatewayOf(server.url)
  const again = await call(parts.upstreams, requestTo(gateway, { name: 'refused' }))
  expect(again).toMatchObject({ error: undefined, report: { attempts: 2 } })
  const broken = await call(parts.upstreams, requestTo(gateway, { name: 'broken' }))
  expect(broken).toMatchObject({
    error: { code: 'upstream_unreachable', message: expect.stringContaining('reset the stream') },
    report: { attempts: 1, mayHaveRun: true },
  })
})

test('a client that leaves resets its stream and no other', async () => {
  const codes: number[] = []
  await using server = await http2Server((request) => {
    if (parsed(request.body).method !== 'tools/call') return answerJson(request.stream, {}, 202)
    if (parsed(request.body).params['name'] !== 'never') return void setTimeout(() => echoHttp2(request), 100)
    request.stream.on('close', () => codes.push(request.stream.rstCode))
  })
  await using parts = startUpstreams()
  const gateway = gatewayOf(server.url)
  const canceller = new Canceller()
  const left = call(parts.upstreams, requestTo(gateway, { name: 'never', signal: canceller.signal }))
  const other = call(parts.upstreams, requestTo(gateway))
  await expect.poll(() => server.sessions.length).toBe(1)
  await new Promise((resolve) => {
    setTimeout(resolve, 30)
  })
  canceller.abort(new GatewayError('client_gone', 'gone'))
  expect((await left).error?.code).toBe('client_gone')
  await expect.poll(() => codes).toEqual([constants.NGHTTP2_CANCEL])
  expect((await other).error).toBeUndefined()
  expect(server.opened()).toBe(1)
})

test('a client that does not read stops its own stream only', async () => {
  const size = 32 << 20
  let written = 0
  await using server = await http2Server((request) => {
    const { id, params } = parsed(request.body)
    if (params['name'] !== 'large') return echoHttp2(request)
    const { stream } = request
    stream.respond({ ':status': 200, 'content-type': 'application/json' })
    stream.write(`{"jsonrpc":"2.0","id":${String(id)},"result":{"content":["`)
    const more = (): void => {
      while (written < size) {
        written += 65_536
        if (!stream.write('x'.repeat(65_536))) return void stream.once('drain', more)
      }
      stream.end('"]}}')
    }
    more()
  })
  await using parts = startUpstreams()
  const gateway = gatewayOf(server.url)
  let resume = (): void => {}
  let bytes = 0
  const large = new Promise<GatewayError | undefined>((resolve) => {
    parts.upstreams.send(requestTo(gateway, { name: 'large' }), {
      start: ({ control }) => {
        control.pause()
        resume = () => control.resume()
      },
      bytes: (chunk) => void (bytes += chunk.length),
      endMessage: () => true,
      done: () => resolve(undefined),
      failed: resolve,
    })
  })
  await expect.poll(() => written).toBeGreaterThan(0)
  for (let i = 0; i < 20; i++) expect((await call(parts.upstreams, requestTo(gateway))).error).toBeUndefined()
  expect(bytes).toBeLessThan(1 << 20)
  expect(written).toBeLessThan(2 << 20)
  resume()
  expect(await large).toBeUndefined()
  expect(bytes).toBeGreaterThan(size)
  expect(server.opened()).toBe(1)
})

test('a header that HTTP/2 does not allow is an error of its call', async () => {
  await using server = await http2Server(echoHttp2)
  await using parts = startUpstreams()
  const gateway = gatewayOf(server.url)
  const refused = await call(parts.upstreams, requestTo(gateway, { passthrough: { 'proxy-connection': 'x' } }))
  expect(refused).toMatchObject({ error: { code: 'invalid_field' }, report: { mayHaveRun: false } })
  expect((await call(parts.upstreams, requestTo(gateway))).error).toBeUndefined()
})

test('the connections close with what they belong to', async () => {
  await using server = await http2Server(echoHttp2)
  const parts = startUpstreams()
  expect((await call(parts.upstreams, requestTo(gatewayOf(server.url)))).error).toBeUndefined()
  expect(server.sessions).toHaveLength(1)
  await parts[Symbol.asyncDispose]()
  await expect.poll(() => server.sessions.length).toBe(0)
})
