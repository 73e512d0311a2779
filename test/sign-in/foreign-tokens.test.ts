import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { sharedSecret, signed, signingKey, type SigningKey } from '../support/signed-tokens.ts'
import { ForeignTokens } from '#/access/foreign-tokens.ts'
import type { UserId } from '#/access/ids.ts'
import { IssuerKeys } from '#/access/issuer-keys.ts'
import { givenKey, keysOf } from '#/access/jwt-keys.ts'
import type { JwtAlgorithm } from '#/access/jwt.ts'
import { SERVER_PERMISSIONS } from '#/access/permissions.ts'
import { tokenHash } from '#/access/token-format.ts'

const ISSUER = 'https://issuer.example.com'
const SERVER = 'a'.repeat(32)
const ANN = '1'.repeat(32) as UserId
const NOW = Date.UTC(2026, 0, 1)
const SECRET = 'a-secret-of-thirty-two-bytes-or-more'
const keys = { RS256: signingKey('RS256', 'r1'), ES256: signingKey('ES256', 'e1'), HS256: sharedSecret(SECRET) }
const others = { RS256: signingKey('RS256', 'r1'), ES256: signingKey('ES256', 'e1'), HS256: sharedSecret(`${SECRET}!`) }
const users = { userByEmail: (email: string) => (email === 'ann@example.com' ? ANN : undefined) }
const ALGORITHMS = ['RS256', 'ES256', 'HS256'] as const

function tokens(algorithm: JwtAlgorithm): ForeignTokens {
  const rules = {
    issuer: ISSUER,
    audience: 'causeway',
    publicUrl: 'https://mcp.example.com',
    trustsAddresses: algorithm === 'HS256',
  }
  const source = givenKey(algorithm === 'HS256' ? SECRET : keys[algorithm].pem, algorithm)
  return new ForeignTokens({ rules, algorithm, keys: source })
}
const seconds = Math.floor(NOW / 1000)
const claims = (over: object = {}) => ({
  iss: ISSUER,
  aud: 'causeway',
  sub: 'somebody',
  email: 'Ann@example.com',
  email_verified: true,
  iat: seconds - 10,
  exp: seconds + 600,
  ...over,
})
const find = (which: ForeignTokens, text: string, now = NOW) => which.find(text, tokenHash(text), { users, now })

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

test('an audience that is an MCP endpoint narrows to it, scopes narrow further, and nothing widens', () => {
  const live = (over: object) => find(tokens('RS256'), signed(keys.RS256, claims(over)))
  const endpoint = `https://mcp.example.com/servers/${SERVER}/mcp`
  expect(live({ aud: [endpoint] })).toMatchObject({ serverId: SERVER, permissions: [...SERVER_PERMISSIONS] })
  expect(live({ aud: 'https://mcp.example.com/mcp' })).toMatchObject({
    serverId: null,
    permissions: [...SERVER_PERMISSIONS],
  })
  expect(live({ scope: 'openid tools.read gateways.create' })?.permissions).toEqual(['gateways.create', 'tools.read'])
  expect(live({ scp: ['tools.read'] })?.permissions).toEqual(['tools.read'])
  expect(live({ scp: 'openid tools.read' })?.permissions).toEqual(['tools.read'])
  expect(live({ scope: ['openid', 'tools.read'] })?.permissions).toEqual(['tools.read'])
  for (const odd of [{ scope: 7 }, { scp: [7] }, { scp: { a: 1 } }, { scope: null }])
    expect(() => live(odd)).toThrow(/scopes are neither/)
  expect(live({ aud: endpoint, scope: 'gateways.create' })?.permissions).toEqual([])
  expect(live({ scope: 'openid email', teams: [SERVER] })).toMatchObject({ permissions: null, teamId: SERVER })
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

describe('published keys', () => {
  const document = (...published: readonly SigningKey[]) => ({ keys: published.map(({ jwk }) => jwk) })

  test('are those that may sign in the one way; the rest of the document does not matter', () => {
    const weak = { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'weak' }
    const odd = [
      null,
      'x',
      weak,
      { ...keys.RS256.jwk, kid: 'enc', use: 'enc' },
      { ...keys.RS256.jwk, kid: 'ps', alg: 'PS256' },
    ]
    const found = keysOf({ keys: [...odd, keys.ES256.jwk, keys.RS256.jwk] }, 'RS256')
    expect([...found.keys()]).toEqual(['r1'])
    expect(() => keysOf(null, 'RS256')).toThrow(/no key/)
    expect(() => keysOf({ keys: [{ ...(keys.RS256.jwk as object), kty: 'oct', k: 'AAAA' }] }, 'RS256')).toThrow(
      /no key/,
    )
  })

  test('are fetched once, anew for an unknown id but not for every one, and believed for a while without their issuer', async () => {
    const next = signingKey('RS256', 'r2')
    let published: object | null = document(keys.RS256)
    let now = 0
    let asked = 0
    const failures: unknown[] = []
    const load = async (): Promise<unknown> => {
      asked += 1
      if (published === null) throw new Error('away')
      return published
    }
    const source = new IssuerKeys({ algorithm: 'RS256', load, failed: (cause) => failures.push(cause), now: () => now })
    const rules = { issuer: ISSUER, audience: 'causeway', publicUrl: null, trustsAddresses: false }
    const which = new ForeignTokens({ rules, algorithm: 'RS256', keys: source })
    const old = signed(keys.RS256, claims())
    expect(() => find(which, old)).toThrow(expect.objectContaining({ code: 'unavailable' }))
    await which.worthWaiting(old)
    expect([find(which, old)?.userId, asked, which.worthWaiting(old)]).toEqual([ANN, 1, undefined])

    const rotated = signed(next, claims())
    published = document(next)
    expect(which.worthWaiting(rotated)).toBeUndefined()
    expect(() => find(which, rotated)).toThrow('signature')
    now += 15_000
    await Promise.all([which.worthWaiting(rotated), which.worthWaiting(rotated)])
    expect([find(which, rotated)?.userId, asked]).toEqual([ANN, 2])
    expect(() => find(which, old)).toThrow('signature')

    // An error page is no set of keys: what is known stays good.
    published = { keys: [] }
    now += 3_600_000
    expect(find(which, rotated)?.userId).toBe(ANN)
    await which.worthWaiting(old)
    expect(find(which, rotated)?.userId).toBe(ANN)

    published = null
    now += 10 * 3_600_000
    expect(find(which, rotated)?.userId).toBe(ANN)
    await which.worthWaiting(old)
    now += 2 * 3_600_000
    expect(() => find(which, rotated)).toThrow(expect.objectContaining({ code: 'unavailable' }))
    expect(failures.length).toBeGreaterThan(0)
  })
})

test('very many tokens are remembered, and no more', () => {
  const which = tokens('HS256')
  const mint = (n: number): string => {
    const head = Buffer.from('{"alg":"HS256"}').toString('base64url')
    const body = Buffer.from(JSON.stringify(claims({ n }))).toString('base64url')
    return `${head}.${body}.${createHmac('sha256', SECRET).update(`${head}.${body}`).digest('base64url')}`
  }
  const first = find(which, mint(0))
  for (let n = 1; n <= 10_000; n++) find(which, mint(n))
  expect(which.byId(first?.id as never, users)).toBeUndefined()
  expect(find(which, mint(0))).not.toBe(first)
})
