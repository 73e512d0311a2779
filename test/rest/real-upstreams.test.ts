import type { RequestListener } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createUpstreams, type UpstreamParts } from '#/upstream/create-upstreams.ts'
import { listen } from '../support/listen.ts'
import { legacyServer, modernServer } from '../support/mcp-servers.ts'
import { restHarness, type RestHarness } from './harness.ts'

function upstreams(allowPrivate: boolean): UpstreamParts {
  return createUpstreams({
    vault: { headers: () => ({}) },
    policy: { allowPrivate },
    clientInfo: { name: 'causeway', version: '0' },
  })
}

const stack = new AsyncDisposableStack()
let rest: RestHarness
let strict: RestHarness
beforeAll(async () => {
  rest = stack.use(await restHarness({ discoverer: stack.use(upstreams(true)).discoverer }))
  strict = stack.use(await restHarness({ discoverer: stack.use(upstreams(false)).discoverer }))
})
afterAll(async () => await stack.disposeAsync())
afterEach(async () => void (await rest.database.sql('DELETE FROM gateways')))

test.each([
  ['legacy', () => legacyServer({ stateful: true })],
  ['modern', () => modernServer()],
] as const)('an official %s server is registered with what it offers, refreshed and tried', async (era, start) => {
  await using server = await start()
  const made = await rest.ask('POST', '/gateways', { body: { name: 'official', url: server.url } })
  expect([made.status, made.body.status, made.body.era, made.body.lastError]).toEqual([200, 'active', era, null])
  expect(made.body.toolCount).toBeGreaterThan(0)
  expect(made.body.eraEvidence).toEqual(expect.any(String))
  const { id } = made.body
  const again = await rest.ask('POST', `/gateways/${id}/tools/refresh`)
  expect(again.body).toMatchObject({
    success: true,
    toolsAdded: 0,
    toolsUpdated: 0,
    toolsRemoved: 0,
    promptsRemoved: 0,
  })
  const tried = await rest.ask('POST', `/gateways/${id}/test`)
  expect(tried.body).toMatchObject({ success: true, era, found: { tools: made.body.toolCount } })
  expect(tried.body.steps.length).toBeGreaterThan(0)
})

const HTML = '<!doctype html><title>hello</title>'

/** What answers at the URL, and whether that is refused or kept as pending. */
const STRANGE: readonly (readonly [string, RequestListener, 'refused' | 'pending'])[] = [
  ['HTML', (_, res) => res.setHeader('content-type', 'text/html').end(HTML), 'refused'],
  ['a redirect', (_, res) => res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), 'refused'],
  ['JSON that is not MCP', (_, res) => res.setHeader('content-type', 'application/json').end('{"hello":1}'), 'refused'],
  ['404', (_, res) => res.writeHead(404).end(), 'refused'],
  ['nothing: it resets', (req) => req.socket.destroy(), 'pending'],
]

test.each(STRANGE)('a URL that answers %s', async (_, handler, outcome) => {
  await using server = await listen(handler)
  const before = await rest.counts()
  const answer = await rest.ask('POST', '/gateways', { body: { name: 'strange', url: `${server.origin}/mcp` } })
  if (outcome === 'refused') {
    expect([answer.status, answer.body.field]).toEqual([422, 'url'])
    expect(answer.body.detail.length).toBeGreaterThan(20)
    expect(await rest.counts()).toEqual(before)
  } else {
    expect([answer.status, answer.body.status]).toEqual([200, 'pending'])
    expect(answer.body.lastError).toEqual(expect.any(String))
  }
})

test('a port where nobody listens is kept as pending and says so', async () => {
  const closed = await listen(() => {})
  await closed[Symbol.asyncDispose]()
  const answer = await rest.ask('POST', '/gateways', { body: { name: 'closed', url: `${closed.origin}/mcp` } })
  expect(answer.body).toMatchObject({ status: 'pending', reachable: false, registrationAttempts: 1 })
  expect(answer.body.lastError).toMatch(/refused/i)
})

test('a server that never answers is kept as pending after ten seconds', async () => {
  await using server = await listen(() => {})
  const began = performance.now()
  const answer = await rest.ask('POST', '/gateways', { body: { name: 'silent', url: `${server.origin}/mcp` } })
  expect([answer.status, answer.body.status]).toEqual([200, 'pending'])
  expect(performance.now() - began).toBeLessThan(11_500)
})

test.each(['http://127.0.0.1:9/mcp', 'http://169.254.169.254/latest', 'http://[::1]:9/', 'http://10.0.0.1/'])(
  '%s is forbidden where private networks are not allowed, and nothing is stored',
  async (url) => {
    const before = await strict.counts()
    const answer = await strict.ask('POST', '/gateways', { body: { name: 'inside', url } })
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([422, 'forbidden_address', 'url'])
    expect(await strict.counts()).toEqual(before)
  },
)
