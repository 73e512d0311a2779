import { Canceller } from '#/lib/canceller.ts'
import { expect, test } from 'vitest'
import { call, echo, fakeServer, gatewayAt, parsed, requestTo, startUpstreams } from '../support/upstream-calls.ts'

test('places, queue, and a wait of at most its time', async () => {
  const open: (() => void)[] = []
  await using server = await fakeServer((q, r, body) => {
    open.push(() => echo(q, r, body))
  })
  await using parts = startUpstreams({ inFlight: 2, waiting: 1, maxWaitMs: 200 })
  const gateway = gatewayAt(server.url)
  const running = [1, 2].map(() => call(parts.upstreams, requestTo(gateway)))
  const queued = call(parts.upstreams, requestTo(gateway))
  const refused = await call(parts.upstreams, requestTo(gateway))
  expect(refused).toMatchObject({
    error: { code: 'upstream_busy', retryAfter: 1 },
    report: { attempts: 0, mayHaveRun: false },
  })
  const late = await queued
  expect(late.error?.code).toBe('upstream_busy')
  expect(late.report.queueMs).toBeGreaterThanOrEqual(200)
  expect(late.report.queueMs).toBeLessThan(2_000)
  await expect.poll(() => open.length).toBe(2)
  for (const answer of open) answer()
  expect((await Promise.all(running)).map((one) => one.error)).toEqual([undefined, undefined])
  server.handle = echo
  expect((await call(parts.upstreams, requestTo(gateway))).error).toBeUndefined()
})

test('a circuit opens, refuses at once, and one probe closes it', async () => {
  const gone = await fakeServer(echo)
  await gone[Symbol.asyncDispose]()
  await using parts = startUpstreams()
  const gateway = gatewayAt(gone.url)
  let attempts = 0
  for (let i = 0; i < 5; i++) {
    const heard = await call(parts.upstreams, requestTo(gateway))
    expect(heard).toMatchObject({ error: { code: 'upstream_unreachable' }, report: { mayHaveRun: false } })
    attempts += heard.report.attempts
  }
  expect(attempts).toBeLessThanOrEqual(6)
  // At once: nobody is asked, and nothing is waited for.
  expect(await call(parts.upstreams, requestTo(gateway))).toMatchObject({
    error: { code: 'upstream_busy', retryAfter: 1 },
    report: { attempts: 0, mayHaveRun: false },
  })
  const { port } = new URL(gone.url)
  await using back = await fakeServer(echo)
  back.server.close()
  back.server.listen(Number(port), '127.0.0.1')
  await expect
    .poll(async () => (await call(parts.upstreams, requestTo(gateway))).error, { timeout: 5000 })
    .toBeUndefined()
})

test('calls keep within 1.2 attempts while a server closes reused connections', async () => {
  let count = 0
  await using server = await fakeServer((q, r, body) => {
    if (++count % 3 === 0) q.socket.resetAndDestroy()
    else echo(q, r, body)
  })
  await using parts = startUpstreams()
  const gateway = gatewayAt(server.url)
  let attempts = 0
  const codes = new Set<string | undefined>()
  for (let i = 0; i < 40; i++) {
    const heard = await call(parts.upstreams, requestTo(gateway, { idempotent: i % 2 === 0 }))
    attempts += heard.report.attempts
    codes.add(heard.error?.code)
    if (i % 2 === 1) expect(heard.report.attempts).toBe(1)
  }
  expect(attempts / 40).toBeLessThanOrEqual(1.2)
  expect(attempts).toBeGreaterThan(40)
  expect(codes).toContain(undefined)
})

/** Promised is a second, which the fault tests measure; a call that ran to its end here would never be cancelled. */
const CANCELLED_MS = 10_000

test('a thousand clients that leave: all calls are cancelled at their server soon, and nothing stays', async () => {
  const cancelled = new Set<number>()
  let begun = 0
  await using server = await fakeServer((_request, response, body) => {
    const { method, params } = parsed(body)
    if (method === 'tools/call') begun++
    else {
      cancelled.add(params['requestId'] ?? 0)
      response.writeHead(202).end()
    }
  })
  await using parts = startUpstreams()
  const gateway = gatewayAt(server.url)
  const clients = Array.from({ length: 1000 }, () => new Canceller())
  const calls = clients.map((client) => call(parts.upstreams, requestTo(gateway, { signal: client.signal })))
  await expect.poll(() => begun, { timeout: 10_000 }).toBe(1000)
  for (const client of clients) client.abort(new Error('gone'))
  const heard = await Promise.all(calls)
  expect(new Set(heard.map((one) => one.error?.code))).toEqual(new Set(['client_gone']))
  await expect.poll(() => cancelled.size, { timeout: CANCELLED_MS }).toBe(1000)
  await parts[Symbol.asyncDispose]()
  const connections = () =>
    new Promise<number>((resolve) => {
      server.server.getConnections((_error, count) => resolve(count))
    })
  await expect.poll(connections, { timeout: 5000 }).toBe(0)
})
