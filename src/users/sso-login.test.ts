import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { sealer } from '#/access/sealing.ts'
import { challengeOf } from '#/lib/pkce.ts'
import { ssoLogins } from './sso-login.ts'
import { loopbackUrl, openPass } from './sso-pass.ts'

const keys = sealer({ current: 'k', keys: new Map([['k', randomBytes(32)]]) })
const vouched = { subject: 'ann', email: 'ann@example.com', fullName: null, groups: [] }

test('a login is found by its own state, in its own browser, in its time', () => {
  let now = 0
  const logins = ssoLogins(keys, () => now)
  const one = logins.begin(null)
  const other = logins.begin(null)
  expect(logins.find(one.sealed, one.login.state)).toEqual(one.login)
  for (const [sealed, state] of [
    [one.sealed, other.login.state],
    [other.sealed, one.login.state],
    [undefined, one.login.state],
    ['', one.login.state],
    [`${one.sealed}x`, one.login.state],
    [logins.seal('sso-pass', one.login), one.login.state],
    [keys.seal('credential:x', JSON.stringify(one.login)), one.login.state],
  ] as const)
    expect(() => logins.find(sealed, state)).toThrow(/begin again/)
  now = 600_000
  expect(() => logins.find(one.sealed, one.login.state)).toThrow(/begin again/)
})

test('a pass is for who has the verifier, and says nothing to who reads it on its way', () => {
  const logins = ssoLogins(keys)
  const verifier = 'v'.repeat(43)
  const loopback = { port: 5000, challenge: challengeOf(verifier), state: 's' }
  const { login } = logins.begin({ loopback })
  const url = new URL(loopbackUrl(logins, { login, vouched, loopback, home: 'https://mcp.example.com' }))
  const { state, iss } = Object.fromEntries(url.searchParams)
  expect([url.origin, state, iss]).toEqual(['http://127.0.0.1:5000', 's', 'https://mcp.example.com'])
  expect(url.href).not.toContain('ann')
  const code = url.searchParams.get('code') ?? ''
  expect(openPass(logins, code, verifier)).toMatchObject({ vouched, login: { state: login.state } })
  expect(() => openPass(logins, code, 'w'.repeat(43))).toThrow(/not good/)
  expect(() => openPass(logins, logins.begin(null).sealed, verifier)).toThrow(/not good/)
})
