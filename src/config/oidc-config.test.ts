import { describe, expect, test } from 'vitest'
import { ConfigError, configFromEnv } from './config.ts'
import { describeSettings } from './describe.ts'

const PUBLIC = { CAUSEWAY_PUBLIC_URL: 'https://mcp.example.com' }
const whole = { issuer: 'https://id.example.com', client_id: 'causeway' }
const env = (oidc: object, more: object = {}) => ({ ...PUBLIC, CAUSEWAY_OIDC: JSON.stringify(oidc), ...more })

function problemsOf(of: Record<string, string>): readonly string[] {
  try {
    configFromEnv(of)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('CAUSEWAY_OIDC', () => {
  test('needs an issuer and a client; the rest has defaults that let nobody in who is no user', () => {
    expect(configFromEnv(env(whole)).config.oidc).toEqual({
      issuer: 'https://id.example.com',
      clientId: 'causeway',
      clientSecret: null,
      scopes: ['openid', 'email', 'profile'],
      groupsClaim: 'groups',
      groups: new Map(),
      domains: null,
      makesUsers: false,
      trustsAddresses: false,
    })
  })

  test('says all that may be said', () => {
    const said = {
      ...whole,
      scopes: ['email', 'groups'],
      groups_claim: 'realm_access.roles',
      groups: { admins: 'platform_admin', payers: ['developer@payments', 'viewer@books'] },
      domains: ['Example.com', '@example.org'],
      unknown_users: 'make',
      addresses: 'trusted',
    }
    expect(configFromEnv(env(said, { CAUSEWAY_OIDC_CLIENT_SECRET: 's3cret' })).config.oidc).toEqual({
      issuer: 'https://id.example.com',
      clientId: 'causeway',
      clientSecret: 's3cret',
      scopes: ['openid', 'email', 'groups'],
      groupsClaim: 'realm_access.roles',
      groups: new Map([
        ['admins', [{ role: 'platform_admin', team: null }]],
        [
          'payers',
          [
            { role: 'developer', team: 'payments' },
            { role: 'viewer', team: 'books' },
          ],
        ],
      ]),
      domains: ['example.com', 'example.org'],
      makesUsers: true,
      trustsAddresses: true,
    })
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['no issuer', env({ client_id: 'x' }), /needs issuer/],
    ['no client', env({ issuer: 'https://id.example.com' }), /needs client_id/],
    ['an issuer in the clear', env({ ...whole, issuer: 'http://id.example.com' }), /must be https/],
    ['a slip of the finger', env({ ...whole, issuers: 'x' }), /no "issuers": did you mean issuer\?/],
    ['a secret among the rest', env({ ...whole, client_secret: 'x' }), /no "client_secret"/],
    ['groups that are none', env({ ...whole, groups: ['admins'] }), /groups must be a map/],
    ['a team that is no slug', env({ ...whole, groups: { a: 'viewer@My Team' } }), /"viewer@My Team" is no ROLE/],
    ['another word', env({ ...whole, unknown_users: 'yes' }), /unknown_users must be one of refuse, make/],
    ['no JSON', { ...PUBLIC, CAUSEWAY_OIDC: 'https://id.example.com' }, /must be a JSON object/],
    ['no public URL', { CAUSEWAY_OIDC: JSON.stringify(whole) }, /CAUSEWAY_PUBLIC_URL must be set/],
    ['registration', env(whole, { CAUSEWAY_PUBLIC_REGISTRATION: 'true' }), /exclude each other/],
    ['a secret alone', { CAUSEWAY_OIDC_CLIENT_SECRET: 's3cret' }, /without CAUSEWAY_OIDC/],
  ])('%s is told by name', (_, of, why) => {
    expect(problemsOf(of)).toEqual([expect.stringMatching(why)])
  })

  test('the secret is shown nowhere', () => {
    const of = env(whole, { CAUSEWAY_OIDC_CLIENT_SECRET: 's3cret' })
    expect(JSON.stringify(describeSettings(of))).not.toContain('s3cret')
  })
})

describe('CAUSEWAY_TRUSTED_PROXY', () => {
  const secret = 'a'.repeat(32)
  const read = (text: string, more: object = {}) =>
    configFromEnv({ CAUSEWAY_TRUSTED_PROXY: text, ...more }).config.proxy
  const nobody = { addressHeader: 'x-forwarded-for', userHeader: null, secret: null, makesUsers: false }

  test('is a list of addresses, or says more', () => {
    expect(read('10.0.0.1, 10.1.0.0/16')).toEqual({ ...nobody, peers: ['10.0.0.1', '10.1.0.0/16'] })
    expect(read('127.0.0.1, 10.0.0.0/8, ::1', { CAUSEWAY_TRUSTED_PROXY_SECRET: secret })).toEqual({
      ...nobody,
      secret,
      peers: ['127.0.0.1', '10.0.0.0/8', '::1'],
    })
    const said = { peers: '10.0.0.1', address_header: 'Forwarded', user_header: 'X-User', unknown_users: 'make' }
    expect(read(JSON.stringify(said), { CAUSEWAY_TRUSTED_PROXY_SECRET: secret })).toEqual({
      peers: ['10.0.0.1'],
      addressHeader: 'forwarded',
      userHeader: 'x-user',
      secret,
      makesUsers: true,
    })
  })

  test.each<[string, object | string, RegExp]>([
    ['no peers', { address_header: 'Forwarded' }, /needs peers/],
    ['an empty list', { peers: [] }, /needs peers/],
    ['everybody', '0.0.0.0/0', /no address and no range/],
    ['everybody else', '::/0', /no address and no range/],
    ['a name', 'proxy.local', /no address and no range/],
    ['too long a prefix', '10.0.0.0/33', /no address and no range/],
    ['an address in part', '10.0', /no address and no range/],
    ['users without a header', { peers: '10.0.0.1', unknown_users: 'make' }, /unknown_users needs user_header/],
  ])('%s is told by name', (_, said, why) => {
    const text = typeof said === 'string' ? said : JSON.stringify(said)
    expect(problemsOf({ CAUSEWAY_TRUSTED_PROXY: text })).toEqual([expect.stringMatching(why)])
  })

  const naming = { CAUSEWAY_TRUSTED_PROXY: JSON.stringify({ peers: '10.0.0.1', user_header: 'X-User' }) }
  const SECRET = { CAUSEWAY_TRUSTED_PROXY_SECRET: secret }

  test.each<[string, Record<string, string>, RegExp]>([
    ['no secret', naming, /_SECRET must be set with user_header.*openssl rand/],
    ['a short secret', { ...naming, CAUSEWAY_TRUSTED_PROXY_SECRET: 'a'.repeat(31) }, /_SECRET must have 32 characters/],
    ['a secret no header holds', { ...naming, CAUSEWAY_TRUSTED_PROXY_SECRET: 'é'.repeat(32) }, /_SECRET must have 32/],
    ['a secret alone', SECRET, /_SECRET is set without CAUSEWAY_TRUSTED_PROXY/],
    [
      'a short secret for addresses',
      { CAUSEWAY_TRUSTED_PROXY: '10.0.0.1', CAUSEWAY_TRUSTED_PROXY_SECRET: 'a' },
      /_SECRET must have 32/,
    ],
    ['registration', { ...naming, ...SECRET, CAUSEWAY_PUBLIC_REGISTRATION: 'true' }, /exclude each other/],
  ])('users and %s is told by name', (_, of, why) => {
    expect(problemsOf(of)).toEqual([expect.stringMatching(why)])
  })

  test.each([
    '127.0.0.1',
    '127.7.0.0/16',
    '64.0.0.0/2',
    '10.0.0.1, ::1',
    '::/1',
    '::ffff:127.0.0.1',
    '::ffff:127.0.0.0/104',
  ])('a proxy at %s, where every program of this machine may be, has to say a secret', (peers) => {
    expect(problemsOf({ CAUSEWAY_TRUSTED_PROXY: peers })).toEqual([
      expect.stringMatching(/_SECRET must be set for .* every program on this machine sends from there.*openssl rand/),
    ])
    expect(read(peers, SECRET)).toMatchObject({ secret })
  })

  test.each(['10.0.0.1', '128.0.0.0/8', '2001:db8::/32', '::2', '::ffff:10.0.0.1'])('one at %s may', (peers) => {
    expect(read(peers)).toMatchObject({ secret: null })
    expect(read(peers, SECRET)).toMatchObject({ secret })
  })

  test.each(['Authorization', 'Cookie', 'X-Forwarded-For', 'X-Causeway-Proxy-Secret', 'Accept', 'Mcp-Name', 'a b'])(
    'the user stands in no header that is taken: %s',
    (header) => {
      const said = JSON.stringify({ peers: '10.0.0.1', user_header: header })
      expect(problemsOf({ ...SECRET, CAUSEWAY_TRUSTED_PROXY: said })).toEqual([
        expect.stringMatching(/user_header must/),
      ])
    },
  )

  test('registration and addresses alone go together; the secret is shown nowhere', () => {
    expect(read('10.0.0.1', { CAUSEWAY_PUBLIC_REGISTRATION: 'true' })).toMatchObject({ peers: ['10.0.0.1'] })
    expect(JSON.stringify(describeSettings({ ...naming, ...SECRET }))).not.toContain(secret)
  })
})
