import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createUpstreams, type UpstreamParts } from '#/upstream/create-upstreams.ts'
import { openIdentity } from '#/gateways/dial-options.ts'
import { gatewaySource } from '#/store/catalog-things.ts'
import {
  ENCRYPTED_KEY,
  EXPIRED_CERTIFICATE,
  EXPIRED_KEY,
  TEST_CERTIFICATE,
  TEST_KEY,
} from '../support/test-certificate.ts'
import { call, echo, json, parsed, requestTo } from '../support/upstream-calls.ts'
import { restHarness, type RestHarness } from './harness.ts'

const stack = new AsyncDisposableStack()
let rest: RestHarness
let upstreams: UpstreamParts
let server: Server
let url = ''
/** Common names of the certificates that came with requests. */
const shown: unknown[] = []

/** A legacy server without sessions that lets nobody in who shows no certificate. */
function listener(request: Parameters<typeof echo>[0], response: Parameters<typeof echo>[1]): void {
  shown.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN)
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks)
    const { id, method } = parsed(body)
    if (method === 'server/discover') response.writeHead(404).end()
    else if (method === 'initialize')
      json(response, {
        jsonrpc: '2.0',
        id,
        result: { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: 's', version: '1' } },
      })
    else if (id === undefined) response.writeHead(202).end()
    else echo(request, response, body)
  })
}

beforeAll(async () => {
  const tls = {
    cert: TEST_CERTIFICATE,
    key: TEST_KEY,
    ca: TEST_CERTIFICATE,
    requestCert: true,
    rejectUnauthorized: true,
  }
  server = createServer(tls, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}/mcp`
  upstreams = stack.use(
    createUpstreams({
      vault: { headers: () => ({}), identity: (gateway) => openIdentity(gateway, rest.sealer) },
      policy: { allowPrivate: true },
      clientInfo: { name: 'causeway', version: '0' },
    }),
  )
  rest = stack.use(await restHarness({ discoverer: upstreams.discoverer }))
})
afterAll(async () => {
  await stack.disposeAsync()
  server.closeAllConnections()
  server.close()
})
afterEach(async () => void (await rest.database.sql('DELETE FROM gateways')))

const pair = { client_cert: TEST_CERTIFICATE, client_key: TEST_KEY }
const register = (over: Record<string, unknown>) =>
  rest.ask('POST', '/gateways', { body: { name: 'mutual', url, ca_certificate: TEST_CERTIFICATE, ...over } })

test('shown to a server that demands it: registered, masked, sealed, tried, called and changed', async () => {
  const made = await register(pair)
  expect([made.status, made.body.status, made.body.lastError]).toEqual([200, 'active', null])
  expect(made.body).toMatchObject({
    clientCert: TEST_CERTIFICATE,
    clientKey: '*****',
    clientCertExpiresAt: '2124-01-01T00:00:00.000Z',
    httpVersion: '1.1',
  })
  expect(new Set(shown)).toEqual(new Set(['causeway test']))
  const { id } = made.body
  const [row] = await rest.database.sql('SELECT client_key FROM gateways')
  expect(row?.['client_key']).toMatch(/^v1\./)
  expect((await rest.ask('POST', `/gateways/${String(id)}/test`)).body).toMatchObject({ success: true })
  const [gateway] = await gatewaySource(rest.database.db.read('test')).byIds([id as never])
  if (gateway === undefined) throw new Error('no gateway')
  expect((await call(upstreams.upstreams, requestTo(gateway))).error).toBeUndefined()
  // The mask keeps the key; an audit record names what changed, and a key that stays is no change.
  const kept = await rest.ask('PUT', `/gateways/${String(id)}`, {
    body: { ...pair, client_key: '*****', description: 'x' },
  })
  expect([kept.status, kept.body.clientKey, kept.body.reachable]).toEqual([200, '*****', true])
  expect((await rest.database.sql('SELECT client_key FROM gateways'))[0]).toEqual(row)
  const removed = await rest.ask('PUT', `/gateways/${String(id)}`, { body: { client_cert: null } })
  expect(removed.body).toMatchObject({ clientCert: null, clientKey: null, reachable: false })
  expect(removed.body.lastError).toMatch(/client certificate|closed the connection/)
})

test('without one, the server is out of reach and the reason is told', async () => {
  const made = await register({})
  expect(made.body).toMatchObject({ status: 'pending', reachable: false })
  expect(made.body.lastError).toMatch(/client certificate|closed the connection/)
})

const BAD: readonly (readonly [string, Record<string, unknown>, string, RegExp])[] = [
  ['a key alone', { client_key: TEST_KEY }, 'clientCert', /is missing/],
  ['a certificate alone', { client_cert: TEST_CERTIFICATE }, 'clientKey', /is missing/],
  ['no certificate', { ...pair, client_cert: 'PEM' }, 'clientCert', /not a certificate/],
  ['no key', { ...pair, client_key: 'PEM' }, 'clientKey', /not a private key/],
  ['the key of another', { ...pair, client_key: EXPIRED_KEY }, 'clientKey', /not the key of clientCert/],
  ['a key under a passphrase', { ...pair, client_key: ENCRYPTED_KEY }, 'clientKey', /passphrase/],
  [
    'one that has ended',
    { client_cert: EXPIRED_CERTIFICATE, client_key: EXPIRED_KEY },
    'clientCert',
    /expired on 2020-02-01/,
  ],
  ['without TLS', { ...pair, url: 'http://127.0.0.1:1/mcp' }, 'clientCert', /https only/],
  ['another HTTP', { http_version: '3' }, 'httpVersion', /'1.1' or '2'/],
]

test.each(BAD)('%s is refused', async (_name, over, field, why) => {
  const answer = await register(over)
  expect([answer.status, answer.body.field]).toEqual([422, field])
  expect(answer.body.detail).toMatch(why)
  expect(JSON.stringify(answer.body)).not.toContain('PRIVATE KEY')
  expect((await rest.counts())['gateways']).toBe(0)
})

test('HTTP/2 where it is not spoken names the field', async () => {
  const answer = await register({ ...pair, http_version: '2' })
  expect([answer.status, answer.body.field]).toEqual([422, 'httpVersion'])
  expect(answer.body.detail).toMatch(/does not speak HTTP\/2/)
})
