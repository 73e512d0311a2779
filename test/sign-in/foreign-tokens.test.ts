import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { sharedSecret, signed, signingKey } from '../support/signed-tokens.ts'
import { ANN, claims, find, keys, NOW, SECRET, seconds, SERVER, tokens, users } from './foreign-scene.ts'
import type { UserId } from '#/access/ids.ts'
import type { JwtAlgorithm } from '#/access/jwt.ts'
import { SERVER_PERMISSIONS } from '#/access/permissions.ts'
import type { LiveToken } from '#/access/principal-of.ts'
import { tokenHash } from '#/access/token-format.ts'

const others = { RS256: signingKey('RS256', 'r1'), ES256: signingKey('ES256', 'e1'), HS256: sharedSecret(`${SECRET}!`) }
const ALGORITHMS = ['RS256', 'ES256', 'HS256'] as const

describe.each(ALGORITHMS)('%s', (algorithm) => {
  test('a good token stands for the user that it names, until it expires', () => {
    const live = find(tokens(algorithm), signed(keys[algorithm], claims()))
    expect(live).toMatchObject({ userId: ANN, teamId: null, serverId: null, permissions: null, limits: null })
    expect(live?.expiresAt).toBe((seconds + 600 + 30) * 1000)
    expect(live?.id).toMatch(/^[0-9a-f]{32}$/)
  })

  test('what another key signed, or nobody, or what was changed, is refused', () => {
    const good = signed(keys[algorithm], claims())
    const [head = '', body = '', mark = ''] = good.split('.')
    const other = Buffer.from(JSON.stringify(claims({ email: 'boss@example.com' }))).toString('base64url')
    for (const text of [signed(others[algorithm], claims()), `${head}.${other}.${mark}`, `${head}.${body}.AAAA`])
      expect(() => find(tokens(algorithm), text)).toThrow('signature is not good')
  })
})

test.each<[string, JwtAlgorithm, () => string]>([
  ['none', 'RS256', () => signed(keys.RS256, claims(), { alg: 'none' })],
  ['None with a signature', 'HS256', () => signed(keys.HS256, claims(), { alg: 'None' })],
  ['the public key as a secret', 'RS256', () => signed(sharedSecret(keys.RS256.pem), claims())],
  ['another curve of trust', 'ES256', () => signed(keys.RS256, claims())],
  ['HS256 that says RS256', 'RS256', () => signed(sharedSecret(keys.RS256.pem), claims(), { alg: 'RS256' })],
  ['RS256 that says HS256', 'HS256', () => signed(keys.RS256, claims(), { alg: 'HS256' })],
])('%s does not pass for a token signed with %s', (_, algorithm, make) => {
  expect(() => find(tokens(algorithm), make())).toThrow(/not signed in the way|signature is not good/)
})

const good = signed(keys.RS256, claims())
test.each<[string, string]>([
  ['an empty signature', `${good.split('.').slice(0, 2).join('.')}.`],
  ['crit', signed(keys.RS256, claims(), { crit: ['b64'], b64: false })],
  ['another type', signed(keys.RS256, claims(), { typ: 'dpop+jwt' })],
  ['four parts', `${good}.x`],
  ['padding', `${good}=`],
  ['no JSON', 'bm90.bm90.bm90'],
  ['an array', `${Buffer.from('[]').toString('base64url')}.W10.AAAA`],
  ['words', 'not a token'],
])('%s is no signed token at all', (_, text) => {
  expect(find(tokens('RS256'), text)).toBeUndefined()
})

test('of whatever size the numbers of a signature are, it is good; without either it is not', () => {
  const which = tokens('ES256')
  const seen = new Set<string>()
  for (let n = 0; n < 20_000 && seen.size < 4; n++) {
    const text = signed(keys.ES256, claims({ n }))
    const mark = Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url')
    const sizes = [mark[0] ?? 0, mark[32] ?? 0].map((byte) => (byte === 0 ? 'short' : byte > 127 ? 'high' : 'low'))
    const isNew = sizes.some((size, at) => size !== 'low' && !seen.has(`${size} ${at}`))
    if (!isNew) continue
    for (const [at, size] of sizes.entries()) if (size !== 'low') seen.add(`${size} ${at}`)
    expect(find(which, text)?.userId).toBe(ANN)
    for (const half of [0, 32]) {
      const without = Buffer.from(mark)
        .fill(0, half, half + 32)
        .toString('base64url')
      expect(() => find(which, text.slice(0, text.lastIndexOf('.') + 1) + without)).toThrow('signature is not good')
    }
  }
  expect(seen.size).toBe(4)
})

test('a signature has one spelling', () => {
  const [head, body, mark = ''] = signed(keys.ES256, claims()).split('.')
  const last = mark.slice(-1)
  const twins = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const twin = twins
    .split('')
    .find(
      (char) =>
        char !== last && Buffer.from(mark.slice(0, -1) + char, 'base64url').equals(Buffer.from(mark, 'base64url')),
    )
  expect(twin).toBeDefined()
  expect(find(tokens('ES256'), `${head}.${body}.${mark.slice(0, -1)}${twin}`)).toBeUndefined()
})

test.each<[string, object, string]>([
  ['another issuer', { iss: 'https://evil.example.com' }, 'another issuer'],
  ['no issuer', { iss: undefined }, 'another issuer'],
  ['another audience', { aud: 'somebody-else' }, 'another audience'],
  ['no audience', { aud: undefined }, 'another audience'],
  ['an audience that begins like ours', { aud: 'causeway-test' }, 'another audience'],
  ['another host', { aud: 'https://mcp.example.com.evil.com/mcp' }, 'another audience'],
  ['no expiry', { exp: undefined }, 'when it expires'],
  ['expiry as a text', { exp: String(seconds + 600) }, 'when it expires'],
  ['over', { exp: seconds - 31 }, 'has expired'],
  ['good for ever', { exp: 1e300 }, 'no time that there is'],
  ['after the last date', { exp: 8.64e12 }, 'no time that there is'],
  ['bound to a key', { cnf: { jkt: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs' } }, 'bound to a key'],
  ['not yet', { nbf: seconds + 31 }, 'not valid yet'],
  ['from the future', { iat: seconds + 31 }, 'not valid yet'],
  ['an address that nobody verified', { email_verified: false }, 'verified'],
  ['an address of which nothing is said', { email_verified: undefined }, 'verified'],
  ['no address', { email: undefined }, 'verified'],
  ['somebody else', { email: 'eve@example.com' }, 'nobody who is a user'],
  ['no team at all', { teams: [] }, 'single team'],
  ['several teams', { teams: [SERVER, ANN] }, 'single team'],
])('%s is refused', (_, over, why) => {
  expect(() => find(tokens('RS256'), signed(keys.RS256, claims(over)))).toThrow(why)
})

test.each<[string, object]>([
  ['just over', { exp: seconds - 29 }],
  ['not quite yet', { nbf: seconds + 29 }],
])('clocks may differ: %s', (_, over) => {
  expect(find(tokens('RS256'), signed(keys.RS256, claims(over)))).toBeDefined()
})

test('the operator’s own program may name its user by the subject', () => {
  const legacy = { sub: 'ann@example.com', email: undefined, email_verified: undefined }
  expect(find(tokens('HS256'), signed(keys.HS256, claims(legacy)))?.userId).toBe(ANN)
  expect(() => find(tokens('RS256'), signed(keys.RS256, claims(legacy)))).toThrow('verified')
})

test('an address is whose it is, not whose it looks like in lower case', () => {
  const kate = { userByEmail: (email: string) => (email === 'kate@example.com' ? ANN : undefined) }
  const named = (email: string) => {
    const text = signed(keys.RS256, claims({ email }))
    return tokens('RS256').find(text, tokenHash(text), { users: kate, now: NOW })
  }
  expect(named('KATE@Example.com')?.userId).toBe(ANN)
  expect(() => named('\u212Aate@example.com')).toThrow('nobody who is a user')
})

test('an audience that is an MCP endpoint narrows to it, scopes narrow further, and nothing widens', () => {
  const live = (over: object) => find(tokens('RS256'), signed(keys.RS256, claims(over)))
  const endpoint = `https://mcp.example.com/servers/${SERVER}/mcp`
  expect(live({ aud: [endpoint] })).toMatchObject({ serverId: SERVER, permissions: [...SERVER_PERMISSIONS] })
  expect(live({ aud: `https://mcp.example.com/gateways/${SERVER}/mcp` })).toMatchObject({
    serverId: null,
    gatewayId: SERVER,
    permissions: [...SERVER_PERMISSIONS],
  })
  for (const odd of [
    `gateways/${SERVER.slice(1)}/mcp`,
    `tools/${SERVER}/mcp`,
    `gateways/${SERVER}/mcp/`,
    'gateways/mcp',
  ])
    expect(() => live({ aud: `https://mcp.example.com/${odd}` })).toThrow('another audience')
  expect(live({ aud: 'https://mcp.example.com/mcp' })).toMatchObject({
    serverId: null,
    gatewayId: null,
    permissions: [...SERVER_PERMISSIONS],
  })
  expect(live({ scope: 'openid tools.read gateways.create' })?.permissions?.toSorted()).toEqual([
    'gateways.create',
    'servers.use',
    'tools.read',
  ])
  for (const one of [{ scp: ['tools.read'] }, { scp: 'openid tools.read' }, { scope: ['openid', 'tools.read'] }])
    expect(live(one)?.permissions?.toSorted()).toEqual(['servers.use', 'tools.read'])
  expect(live({ scope: 'openid', scp: ['tags.read'] })?.permissions).toEqual(['tags.read'])
  for (const odd of [{ scope: 7 }, { scp: [7] }, { scp: { a: 1 } }, { scope: null }])
    expect(() => live(odd)).toThrow(/scopes are neither/)
  expect(live({ aud: endpoint, scope: 'gateways.create' })?.permissions).toEqual([])
  expect(live({ scope: 'openid email', teams: [SERVER] })).toMatchObject({ permissions: [], teamId: SERVER })
})

const NOTHING = { server_id: null, ip_restrictions: [], time_restrictions: { weekdays_only: false }, usage_limits: {} }

test.each<[string, unknown, object]>([
  ['a list', ['openid', 'tools.read'], { serverId: null, permissions: ['servers.use', 'tools.read'] }],
  ['a text', 'tags.read', { serverId: null, permissions: ['tags.read'] }],
  [
    'an object',
    { ...NOTHING, permissions: ['tools.read'] },
    { serverId: null, permissions: ['servers.use', 'tools.read'] },
  ],
  ['all there is', { ...NOTHING, permissions: ['*'] }, { serverId: null, permissions: null }],
  ['a server', { server_id: SERVER }, { serverId: SERVER, permissions: null }],
  ['what is not known', { permissions: ['tool.reed'] }, { serverId: null, permissions: [] }],
])('the claim scopes narrows as %s', (_, scopes, wanted) => {
  const live = find(tokens('RS256'), signed(keys.RS256, claims({ scopes })))
  expect({ ...live, permissions: live?.permissions?.toSorted() ?? null }).toMatchObject(wanted)
})

const ENDPOINT = `https://mcp.example.com/servers/${SERVER}/mcp`
test.each<[string, object, string]>([
  ['a number', { scopes: 7 }, 'scopes are neither'],
  ['nothing', { scopes: null }, 'scopes are neither'],
  ['a list of objects', { scopes: [{}] }, 'scopes are neither'],
  ['an object beside scope', { scopes: {}, scope: '*' }, 'said in two ways'],
  ['addresses', { scopes: { ip_restrictions: ['10.0.0.0/8'] } }, 'narrow it by ip_restrictions'],
  ['hours', { scopes: { time_restrictions: { weekdays_only: true } } }, 'narrow it by time_restrictions'],
  ['calls', { scopes: { usage_limits: { requests_per_day: 5 } } }, 'narrow it by usage_limits'],
  ['what nobody knows', { scopes: { permission: ['tools.read'] } }, 'narrow it by permission,'],
  ['no permission', { scopes: { permissions: [] } }, 'no list with a name'],
  ['permissions as a text', { scopes: { permissions: '*' } }, 'no list with a name'],
  ['no server', { scopes: { server_id: 'desk' } }, 'server_id that is no id'],
  ['another server than its audience', { scopes: { server_id: ANN }, aud: ENDPOINT }, 'name another'],
  [
    'a server where its audience is a gateway',
    { scopes: { server_id: SERVER }, aud: ENDPOINT.replace('servers', 'gateways') },
    'name another',
  ],
])('a token whose claim scopes is %s is refused', (_, over, why) => {
  expect(() => find(tokens('RS256'), signed(keys.RS256, claims(over)))).toThrow(why)
})

test.each<[string, object]>([
  ['only what it says of its user', { scope: 'openid profile email' }],
  ['a misspelling', { scope: 'tools.reed' }],
  ['another case', { scope: 'Tools.Read' }],
  ["another product's scope", { scope: 'mcp:readonly' }],
  ['a kind that there is not', { scp: ['tool.*'] }],
  ['a kind without its dot', { scope: 'tools*' }],
  ['what is part of a name', { scope: '.* tools. __proto__' }],
  ['an empty list', { scp: [] }],
  ['an empty text', { scope: '' }],
  ['nothing twice', { scope: '', scp: [] }],
])('scopes that name nothing of ours give nothing, whatever the audience: %s', (_, over) => {
  for (const aud of ['causeway', 'https://mcp.example.com/mcp', `https://mcp.example.com/servers/${SERVER}/mcp`])
    expect(find(tokens('RS256'), signed(keys.RS256, claims({ ...over, aud })))?.permissions).toEqual([])
})

test('a scope may name all of a kind, or all that its user may', () => {
  const permissions = (over: object) =>
    find(tokens('RS256'), signed(keys.RS256, claims(over)))?.permissions?.toSorted() ?? null
  expect(permissions({ scope: 'openid prompts.*' })).toEqual([
    'prompts.create',
    'prompts.delete',
    'prompts.read',
    'prompts.update',
    'servers.use',
  ])
  expect(permissions({ scope: 'openid *' })).toBeNull()
  const aud = 'https://mcp.example.com/mcp'
  expect(permissions({ scp: ['*'], aud })).toEqual([...SERVER_PERMISSIONS].toSorted())
  expect(permissions({ scp: ['tools.*'], aud })).toEqual(['servers.use', 'tools.execute', 'tools.read'])
  expect(permissions({ scope: 'tools.create', aud })).toEqual([])
})

test('what was verified is not verified again, and is another user’s once the address is', () => {
  const which = tokens('RS256')
  const text = signed(keys.RS256, claims())
  const first = find(which, text)
  expect(find(which, text)).toBe(first)
  const moved = which.find(text, tokenHash(text), { users: { userByEmail: () => SERVER as UserId }, now: NOW })
  expect(moved).toMatchObject({ userId: SERVER, id: first?.id })
  const gone = { users: { userByEmail: () => undefined }, now: NOW }
  expect(() => which.find(text, tokenHash(text), gone)).toThrow('nobody who is a user')
})

test('what one user began does not go on as another’s', () => {
  const which = tokens('RS256')
  const live = find(which, signed(keys.RS256, claims())) as LiveToken
  expect(which.again(live, users)).toBe(live)
  expect(() => which.again(live, { userByEmail: () => SERVER as UserId })).toThrow('another user')
  expect(() => which.again(live, { userByEmail: () => undefined })).toThrow('nobody who is a user')
  expect(which.endOf(live)).toBe((seconds + 600) * 1000)
})

const cheap = (n: number): string => {
  const head = Buffer.from('{"alg":"HS256"}').toString('base64url')
  const body = Buffer.from(JSON.stringify(claims({ n }))).toString('base64url')
  return `${head}.${body}.${createHmac('sha256', SECRET).update(`${head}.${body}`).digest('base64url')}`
}

test('very many tokens are remembered, and no more; what goes on with one goes on all the same', () => {
  const which = tokens('HS256')
  const first = find(which, cheap(0))
  for (let n = 1; n <= 10_000; n++) find(which, cheap(n))
  expect(find(which, cheap(0))).not.toBe(first)
  expect(which.again(first as LiveToken, users)).toBe(first)
  expect(which.again({ ...(first as LiveToken) }, users)).toBeUndefined()
})

test('a token in use is not verified again, however many others come once', () => {
  const which = tokens('HS256')
  const busy = find(which, cheap(0))
  find(which, cheap(0))
  for (let n = 1; n <= 25_000; n++) find(which, cheap(n))
  expect(find(which, cheap(0))).toBe(busy)
})
