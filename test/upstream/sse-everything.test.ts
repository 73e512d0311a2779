import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Target } from '#/gateways/discovery.ts'
import type { Fixture } from '../fixtures/legacy-server.ts'
import { startEverything } from '../fixtures/everything.ts'
import { call, gatewayAt, requestTo, startUpstreams } from '../support/upstream-calls.ts'

const signal = AbortSignal.timeout(60_000)
let server: Fixture
beforeAll(async () => {
  server = await startEverything('sse')
})
afterAll(async () => await server[Symbol.asyncDispose]())

const target = (over: Partial<Target> = {}): Target => ({
  url: server.url,
  transport: null,
  headers: {},
  caCertificate: null,
  ...over,
})

const ECHO = '{"jsonrpc":"2.0","id":"c1","method":"tools/call","params":{"name":"x","arguments":{"message":"grüße"}}}'

test('the reference server is found out, or taken at its word, probed and called', async () => {
  await using parts = startUpstreams()
  const found = await parts.discoverer.discover(target(), { signal })
  expect(found).toMatchObject({ era: 'legacy', transport: 'SSE', stateful: true, problems: [] })
  expect(found.evidence).toMatch(/^answered initialize over HTTP\+SSE with .*; a POST was answered with 404$/)
  const declared = await parts.discoverer.discover(target({ transport: 'SSE' }), { signal })
  expect(declared.evidence).toMatch(/; HTTP\+SSE is declared$/)
  expect(declared.tools?.map(({ key }) => key)).toEqual(found.tools?.map(({ key }) => key))
  expect(found.tools?.length).toBeGreaterThan(5)
  const known = { era: found.era, revision: found.revision, transport: found.transport }
  expect((await parts.discoverer.probe(target(), known, signal)).ms).toBeGreaterThanOrEqual(0)
  const gateway = gatewayAt(server.url, { transport: 'SSE', revision: found.revision, stateful: true })
  const heard = await call(parts.upstreams, requestTo(gateway, { name: 'echo' }, ECHO))
  expect(heard).toMatchObject({ error: undefined, report: { attempts: 1, revision: found.revision } })
  expect(JSON.parse(heard.messages[0] ?? '')).toMatchObject({ result: { content: [{ text: 'Echo: grüße' }] } })
})

test('a gateway of which nothing is known yet is called as what it turns out to be', async () => {
  await using parts = startUpstreams()
  const gateway = gatewayAt(server.url, { era: null, revision: null })
  const heard = await Promise.all(
    [1, 2, 3].map(() => call(parts.upstreams, requestTo(gateway, { name: 'echo' }, ECHO))),
  )
  expect(heard.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
})

test('progress goes to the call that asked for it', async () => {
  await using parts = startUpstreams()
  const gateway = gatewayAt(server.url, { transport: 'SSE', stateful: true })
  const long = (duration: number, steps: number): Promise<{ readonly messages: readonly string[] }> => {
    const params = { name: 'x', arguments: { duration, steps }, _meta: { progressToken: 'mine' } }
    const message = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    const name = 'trigger-long-running-operation'
    return call(parts.upstreams, requestTo(gateway, { name, wantsProgress: true }, message))
  }
  const [three, five] = await Promise.all([long(0.3, 3), long(0.5, 5)])
  expect([three.messages.length, five.messages.length]).toEqual([4, 6])
})
