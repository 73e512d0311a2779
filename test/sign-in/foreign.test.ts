import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import {
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
} from '@modelcontextprotocol/sdk/client/auth.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { signed, signingKey, type SigningKey } from '../support/signed-tokens.ts'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { going } from './going.ts'
import { ask, eventually, mail, makePerson, USERS } from './people.ts'

const owned = new AsyncDisposableStack()
const first = signingKey('RS256', 'k1')
const second = signingKey('RS256', 'k2')
let published: readonly SigningKey[] = [first]
let questions = 0
let issuer: Server
let issuerUrl: string
let gateway: RunningGateway
let serverId: string
let gatewayId: string

beforeAll(async () => {
  issuer = createServer((_, answer) => {
    questions += 1
    answer.setHeader('content-type', 'application/json')
    answer.end(JSON.stringify({ keys: published.map(({ jwk }) => jwk) }))
  }).listen(0, '127.0.0.1')
  await once(issuer, 'listening')
  owned.defer(() => void issuer.close())
  issuerUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`
  const database = owned.use(await testDatabase())
  const upstream = owned.use(await startSlowServer())
  const PORT = await freePort()
  const env = {
    PORT,
    DATABASE_URL: database.url,
    CAUSEWAY_WORKERS: '2',
    CAUSEWAY_PUBLIC_URL: `http://127.0.0.1:${PORT}`,
    JWT_ISSUER: issuerUrl,
    JWT_AUDIENCE: 'causeway',
    JWT_ALGORITHM: 'RS256',
    JWT_JWKS_URL: `${issuerUrl}/jwks`,
  }
  gateway = owned.use(await startGateway({ env }))
  gatewayId = (await gateway.register('up', upstream.at('modern'))).id
  await gateway.register('beside', upstream.at('modern'))
  const admin = { token: gateway.token }
  const tools = await ask(gateway, 'GET', '/v1/tools', admin)
  const ids = (tools.body as unknown as readonly { readonly id: string }[]).map(({ id }) => id)
  const made = await ask(gateway, 'POST', '/v1/servers', {
    ...admin,
    body: { name: 'desk', visibility: 'public', associated_tools: ids },
  })
  serverId = (made.body as unknown as { readonly id: string }).id
  await makePerson(gateway, 'ann')
})
afterAll(() => owned.disposeAsync())

async function freePort(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return String(port)
}

const claims = (over: object = {}) => {
  const now = Math.floor(Date.now() / 1000)
  return {
    iss: issuerUrl,
    aud: 'causeway',
    sub: 'x',
    email: mail('ann'),
    email_verified: true,
    iat: now,
    exp: now + 600,
    ...over,
  }
}
const me = async (token: string) => await ask(gateway, 'GET', '/v1/auth/email/me', { token })
const list = (path: string, token?: string) =>
  ask(gateway, 'POST', path, {
    ...(token !== undefined && { token }),
    headers: { accept: 'application/json, text/event-stream' },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} },
  })

test('a token of the issuer stands for the user that it names, on every worker; its keys are asked for once', async () => {
  const token = signed(first, claims())
  for (let n = 0; n < 10; n++)
    expect([(await me(token)).status, (await me(token)).body['email']]).toEqual([200, mail('ann')])
  expect(questions).toBeLessThanOrEqual(2)
  expect((await ask(gateway, 'GET', USERS, { token })).status).toBe(403)
})

test.each<[string, () => string]>([
  ['signed by somebody else', () => signed(signingKey('RS256', 'k1'), claims())],
  ['unsigned', () => `${signed(first, claims(), { alg: 'none' }).split('.').slice(0, 2).join('.')}.`],
  ['for somebody else', () => signed(first, claims({ aud: 'another' }))],
  ['of another issuer', () => signed(first, claims({ iss: 'https://evil.example.com' }))],
  ['over', () => signed(first, claims({ exp: Math.floor(Date.now() / 1000) - 60 }))],
  ['for nobody here', () => signed(first, claims({ email: mail('nobody') }))],
  ['of an address that nobody verified', () => signed(first, claims({ email_verified: false }))],
  ['very long', () => signed(first, claims({ padding: 'x'.repeat(9_000) }))],
  ['no token of anybody', () => 'garbage'],
  ['of no form that tokens have', () => 'not,a,token'],
])('one that is %s is refused at every door, and told that it is the token', async (_, make) => {
  const token = make()
  const [rest, mcp] = await Promise.all([me(token), list('/mcp', token)])
  expect([rest.status, rest.headers['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"'])
  const metadata = `resource_metadata="${gateway.url}/.well-known/oauth-protected-resource/mcp"`
  expect([mcp.status, mcp.headers['www-authenticate']]).toEqual([401, `Bearer error="invalid_token", ${metadata}`])
})

test('who sends no token is told of none that is bad', async () => {
  const answers = [await ask(gateway, 'GET', '/v1/tools'), await list('/mcp')]
  expect(answers.map(({ status }) => status)).toEqual([401, 401])
  for (const { headers } of answers) expect(headers['www-authenticate']).not.toContain('error=')
})

test('a disabled user is out at once, with whatever token', async () => {
  await makePerson(gateway, 'bob')
  const token = signed(first, claims({ email: mail('bob') }))
  await eventually(async () => (await me(token)).status === 200)
  await ask(gateway, 'PATCH', `${USERS}/${mail('bob')}`, { token: gateway.token, body: { is_active: false } })
  expect(await eventually(async () => (await me(token)).status === 401)).toBeLessThan(1_000)
})

test('it says what it is and until when it is good, and is no session', async () => {
  const mine = claims()
  const token = signed(first, mine)
  const { status, body } = await ask(gateway, 'GET', '/v1/auth/validate', { token })
  expect([status, body]).toMatchObject([
    200,
    { valid: true, session_source: 'sso', expires_at: new Date(mine.exp * 1000).toISOString() },
  ])
  expect(body['expires_in']).toBeGreaterThan(590)
  expect(body['expires_in']).toBeLessThanOrEqual(600)
  for (const path of ['/v1/auth/logout', '/v1/auth/refresh'])
    expect((await ask(gateway, 'POST', path, { token })).status).toBe(400)
  const made = await ask(gateway, 'POST', '/v1/tokens', { token, body: { name: 'mine' } })
  expect([made.status, made.body.detail]).toEqual([403, expect.stringContaining('identity provider')])
})

test.each(['servers', 'gateways'])(
  'a client of %s is told where tokens come from, by the official SDK’s own reading',
  async (noun) => {
    const endpoint = `${noun}/${noun === 'servers' ? serverId : gatewayId}`
    const url = new URL(`${gateway.url}/${endpoint}/mcp`)
    const refused = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
    expect(refused.status).toBe(401)
    const { resourceMetadataUrl } = extractWWWAuthenticateParams(refused)
    const path = `/.well-known/oauth-protected-resource/${endpoint}/mcp`
    expect(String(resourceMetadataUrl)).toBe(gateway.url + path)
    const metadata = await discoverOAuthProtectedResourceMetadata(url, {
      ...(resourceMetadataUrl && { resourceMetadataUrl }),
    })
    expect(metadata).toMatchObject({
      resource: String(url),
      authorization_servers: [issuerUrl],
      bearer_methods_supported: ['header'],
    })
    expect(await discoverOAuthProtectedResourceMetadata(new URL(`${gateway.url}/mcp`))).toMatchObject({
      resource: `${gateway.url}/mcp`,
    })
    const absent = await ask(gateway, 'GET', `/.well-known/oauth-protected-resource/${noun}/${'0'.repeat(32)}/mcp`)
    expect(absent.status).toBe(200)
    expect((await ask(gateway, 'GET', '/.well-known/oauth-protected-resource')).status).toBe(404)
  },
)

test('below a virtual server, too, leads to its metadata', async () => {
  const moved = await ask(gateway, 'GET', `/servers/${serverId}/.well-known/oauth-protected-resource`)
  const path = `/.well-known/oauth-protected-resource/servers/${serverId}/mcp`
  expect([moved.status, moved.headers['location']]).toEqual([301, path])
  expect((await ask(gateway, 'GET', '/servers/nothing/.well-known/oauth-protected-resource')).status).toBe(404)
})

test('a token for the endpoint of one gateway opens that one, and nothing else', async () => {
  const token = signed(first, claims({ aud: `${gateway.url}/gateways/${gatewayId}/mcp` }))
  const listed = await list(`/gateways/${gatewayId}/mcp`, token)
  expect([listed.status, JSON.stringify(listed.body)]).toEqual([200, expect.stringContaining('"echo"')])
  const { body: gateways } = await ask(gateway, 'GET', '/v1/gateways', { token: gateway.token })
  const others = (gateways as unknown as readonly { id: string }[]).filter(({ id }) => id !== gatewayId)
  const closed = ['/mcp', `/servers/${serverId}/mcp`, ...others.map(({ id }) => `/gateways/${id}/mcp`)]
  expect(closed).toHaveLength(3)
  for (const path of closed) expect([path, (await list(path, token)).status]).toEqual([path, 404])
  for (const path of ['/v1/tools', '/v1/gateways', `/v1/gateways/${gatewayId}`])
    expect([path, (await ask(gateway, 'GET', path, { token })).status]).toEqual([path, 403])
  const rpc = (params: object) =>
    ask(gateway, 'POST', '/rpc', { token, body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params } })
  expect(JSON.stringify((await rpc({})).body)).toContain('"echo"')
  expect((await rpc({ server_id: serverId })).status).toBe(404)
  const narrow = signed(first, claims({ aud: `${gateway.url}/gateways/${gatewayId}/mcp`, scope: 'openid' }))
  expect((await list(`/gateways/${gatewayId}/mcp`, narrow)).status).toBe(403)
})

test('a token for one virtual server opens that one, and nothing else', async () => {
  const token = signed(first, claims({ aud: `${gateway.url}/servers/${serverId}/mcp` }))
  const client = new Client({ name: 'test', version: '1' })
  const requestInit = { headers: { authorization: `Bearer ${token}` } }
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${gateway.url}/servers/${serverId}/mcp`), { requestInit }),
  )
  expect((await client.listTools()).tools.length).toBeGreaterThan(0)
  await client.close()
  expect((await list('/mcp', token)).status).toBe(404)
  expect((await me(token)).status).toBe(403)
})

test('a token whose scopes do not suffice is told all that the next one needs, so that it can do what this one could', async () => {
  const token = signed(first, claims({ aud: `${gateway.url}/mcp`, scope: 'openid tools.read' }))
  expect((await list('/mcp', token)).status).toBe(200)
  const { status, headers } = await ask(gateway, 'POST', '/mcp', {
    token,
    headers: { accept: 'application/json, text/event-stream' },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'up-echo', arguments: {} } },
  })
  const metadata = `resource_metadata="${gateway.url}/.well-known/oauth-protected-resource/mcp"`
  const challenge = `Bearer error="insufficient_scope", scope="servers.use tools.read tools.execute"`
  expect([status, headers['www-authenticate']]).toEqual([403, `${challenge}, ${metadata}`])
  const rest = await ask(gateway, 'GET', '/v1/gateways', { token: signed(first, claims({ scope: 'tools.read' })) })
  expect([rest.status, rest.headers['www-authenticate']]).toEqual([
    403,
    'Bearer error="insufficient_scope", scope="gateways.read servers.use tools.read"',
  ])
  const role = await ask(gateway, 'GET', USERS, { token: signed(first, claims()) })
  expect([role.status, role.headers['www-authenticate']]).toEqual([403, undefined])
})

test('where the head says the method, one refusal at the door names what that takes, too', async () => {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const { status, headers } = await ask(gateway, 'POST', '/mcp', {
    token: signed(first, claims({ aud: `${gateway.url}/mcp`, scope: 'openid' })),
    headers: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'up-echo',
    },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'up-echo', arguments: {}, _meta: meta } },
  })
  expect([status, headers['www-authenticate']]).toEqual([
    403,
    expect.stringContaining('scope="servers.use tools.execute"'),
  ])
})

test.each([['openid profile email'], ['tools.reed'], ['mcp:readonly'], [''], [[]]])(
  'a token whose scopes name nothing of ours, %j, opens nothing and is told what would',
  async (scope) => {
    const paths = ['/v1/tools', '/v1/gateways', '/v1/tokens']
    const statuses = async (token: string) =>
      await Promise.all(paths.map(async (path) => (await ask(gateway, 'GET', path, { token })).status))
    expect(await statuses(signed(first, claims()))).toEqual([200, 200, 200])
    for (const aud of ['causeway', `${gateway.url}/mcp`]) {
      const token = signed(first, claims({ aud, scope }))
      expect(await statuses(token)).toEqual([403, 403, 403])
      const { status, headers } = await list('/mcp', token)
      expect([status, headers['www-authenticate']]).toEqual([
        403,
        expect.stringMatching(/^Bearer error="insufficient_scope", scope="[^"]*servers\.use/),
      ])
    }
  },
)

test('with the issuer away, what is known goes on; a new key is learnt when it is named, and the old one is then worth nothing', async () => {
  const old = signed(first, claims())
  expect((await me(old)).status).toBe(200)
  const calls = Array.from({ length: 6 }, () => going(gateway.url, old))
  published = [second]
  await sleep(15_500)
  expect(calls.map(({ ended }) => ended)).toEqual(calls.map(() => undefined))
  const rotated = signed(second, claims())
  const learnt = performance.now()
  await eventually(async () => (await me(rotated)).status === 200, 10_000)
  expect((await me(old)).status).toBe(401)
  for (let n = 0; n < 100 && calls.some(({ ended }) => ended === undefined); n++) await sleep(20)
  const last = Math.max(...calls.map(({ ended }) => ended?.at ?? Infinity)) - learnt
  console.log(`a withdrawn key: the last of six calls ended ${Math.round(last)} ms after the new key was first named`)
  expect(last).toBeLessThan(1_000)
  for (const { ended } of calls) expect(ended?.said).toContain('withdrawn the key')
  issuer.closeAllConnections()
  await new Promise((resolve) => issuer.close(resolve))
  expect((await me(rotated)).status).toBe(200)
  expect((await me(signed(signingKey('RS256', 'k3'), claims()))).status).toBe(401)
  expect((await ask(gateway, 'GET', '/v1/tools', { token: gateway.token })).status).toBe(200)
}, 60_000)
