import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { forgetLogins } from '#/store/session-rows.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway } from '../support/gateway.ts'
import { browse, CLIENT } from './identity-provider.ts'
import { ask, eventually, mail, makePerson, USERS } from './people.ts'
import { sentences, ssoScene, type SsoScene } from './sso-scene.ts'

let { gateway, provider, database, home, person, signIn, begin, back } = {} as SsoScene
const owned = new AsyncDisposableStack()

beforeAll(async () => {
  ;({ gateway, provider, database, home, person, signIn, begin, back } = owned.use(await ssoScene()))
})
afterAll(() => owned.disposeAsync())
beforeEach(() => {
  provider.bend = undefined
})

const me = (token: string) => ask(gateway, 'GET', '/v1/auth/email/me', { token })

describe('nobody comes in', () => {
  beforeAll(() => person('eve'))

  test.each<[string, (at: URL) => void, number, RegExp]>([
    [
      'another provider answers (iss)',
      (at) => at.searchParams.set('iss', 'https://evil.example.com'),
      401,
      /another identity provider/,
    ],
    ['nobody says who answers (iss)', (at) => at.searchParams.delete('iss'), 401, /another identity provider/],
    ['the state is another', (at) => at.searchParams.set('state', 'x'.repeat(43)), 400, /not begun in this browser/],
    ['there is no state', (at) => at.searchParams.delete('state'), 400, /not begun in this browser/],
    ['the code is made up', (at) => at.searchParams.set('code', 'made-up'), 401, /does not accept this code/],
    ['there is no code', (at) => at.searchParams.delete('code'), 401, /let nobody in/],
    ['there are two codes', (at) => at.searchParams.append('code', 'another'), 422, /code/],
  ])('when %s', async (_, change, status, why) => {
    expect(sentences(await signIn('eve', change))).toEqual([status, expect.stringMatching(why)])
  })

  test.each<[string, object, RegExp]>([
    ['is for another client', { aud: 'another' }, /another client/],
    [
      'is for several, and made for another',
      { aud: [CLIENT.id, 'another'], azp: 'another' },
      /made for another client/,
    ],
    ['is for several, and does not say whose it is', { aud: [CLIENT.id, 'another'] }, /several clients/],
    ['is of another issuer', { iss: 'https://evil.example.com' }, /another issuer/],
    ['answers another sign-in', { nonce: 'x'.repeat(43) }, /another sign-in/],
    ['answers none', { nonce: undefined }, /another sign-in/],
    ['has expired', { exp: Math.floor(Date.now() / 1000) - 60 }, /expired/],
    ['is from tomorrow', { iat: Math.floor(Date.now() / 1000) + 86_400 }, /not valid yet/],
    ['names nobody', { sub: '' }, /names nobody/],
  ])('when the ID token %s', async (_, over, why) => {
    provider.bend = (claims) => ({ ...claims, ...over })
    expect(sentences(await signIn('eve'))).toEqual([401, expect.stringMatching(why)])
  })

  test('when the code was asked for with another challenge (PKCE)', async () => {
    const { cookie, url } = await begin()
    const bent = new URL(url)
    bent.searchParams.set('code_challenge', 'y'.repeat(43))
    const answer = await back(await browse(bent.href, home, 'eve'), cookie)
    expect(sentences(answer)).toEqual([401, expect.stringMatching(/does not accept this code/)])
  })

  test('when the way back is taken by another browser, or without what the first one kept', async () => {
    const { url } = await begin()
    const at = await browse(url, home, 'eve')
    const { cookie } = await begin()
    for (const other of [cookie, '', '__Host-causeway-login=v1.x.AAAA', `${cookie}; ${cookie}`])
      expect(sentences(await back(at, other))).toEqual([400, expect.stringMatching(/not begun in this browser/)])
  })

  test('a second time with the same answer, on any worker, however many try at once', async () => {
    const { cookie, url } = await begin()
    const at = await browse(url, home, 'eve')
    const answers = await Promise.all(Array.from({ length: 8 }, () => back(at, cookie)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 400)).toHaveLength(7)
    const tokens = provider.asked.get('/token')
    expect(sentences(await back(at, cookie))).toEqual([400, expect.stringMatching(/finished before/)])
    expect(provider.asked.get('/token')).toBe(tokens)
  })

  test('who does not want to, at the provider', async () => {
    expect(sentences(await signIn(null))).toEqual([401, expect.stringMatching(/let nobody in \(access_denied\)/)])
  })

  test.each<[string, object, RegExp]>([
    ['has no address', { email: undefined }, /no verified e-mail/],
    ['has an address that nobody verified', { email_verified: false }, /no verified e-mail/],
    ['has an address of which it is not said', { email_verified: undefined }, /no verified e-mail/],
    ['is of another domain', { email: 'eve@evil.example.org' }, /evil\.example\.org/],
    ['looks like one of ours', { email: 'eve@evil.org@example.com' }, /no verified e-mail/],
  ])('who %s', async (_, over, why) => {
    person('mallory', over)
    expect(sentences(await signIn('mallory'))).toEqual([403, expect.stringMatching(why)])
  })

  test('who is disabled here; and its sessions are over', async () => {
    person('finn')
    const { body } = await signIn('finn')
    await eventually(async () => (await me(body.access_token)).status === 200)
    await gateway.api('PATCH', `${USERS}/${mail('finn')}`, { is_active: false })
    expect(sentences(await signIn('finn'))).toEqual([403, expect.stringMatching(/disabled/)])
    expect(await eventually(async () => (await me(body.access_token)).status === 401)).toBeLessThan(1_000)
  })

  test('who is a service', async () => {
    await gateway.api('POST', USERS, { email: mail('robot'), kind: 'service' })
    person('robot')
    expect(sentences(await signIn('robot'))).toEqual([403, expect.stringMatching(/service/)])
  })
})

test('nothing that is secret stands in the log', async () => {
  const output = await gateway.output()
  expect(output).not.toContain(CLIENT.secret)
  expect(output).not.toContain('code_verifier')
})

test('codes that the provider refuses are counted where they come from, like wrong passwords', async () => {
  const tried = async (from: string): Promise<number> => {
    const { cookie, url } = await begin()
    const state = new URL(url).searchParams.get('state') ?? ''
    const query = new URLSearchParams({ state, code: 'made-up', iss: provider.issuer }).toString()
    return (await ask(gateway, 'GET', `/auth/sso/callback?${query}`, { headers: { cookie }, from })).status
  }
  const statuses: number[] = []
  while (statuses.length < 60 && statuses.at(-1) !== 429) statuses.push(await tried('127.9.0.1'))
  expect(statuses).toEqual([...Array.from({ length: 41 }, () => 401), 429])
  expect(await tried('127.9.0.2')).toBe(401)
})

test('what is remembered of sign-ins that are over goes in slices; of others it stays', async () => {
  const logins = (minutes: number, times: number) =>
    database.sql(`INSERT INTO used_logins (login, ends_at)
      SELECT sha256(('${minutes} ' || n)::bytea), now() + ${minutes} * interval '1 minute' FROM generate_series(1, ${times}) AS n`)
  const { signal } = new AbortController()
  await forgetLogins(database.db, signal)
  await logins(-1, 2_500)
  await logins(7, 3)
  expect(await forgetLogins(database.db, AbortSignal.abort())).toBe(0)
  expect(await forgetLogins(database.db, signal)).toBe(2_500)
  const left = await database.sql(`SELECT 1 FROM used_logins WHERE login = ANY(
    SELECT sha256(('7 ' || n)::bytea) FROM generate_series(1, 3) AS n)`)
  expect(left).toHaveLength(3)
})

test('a provider in a network that may not be reached is not reached', async () => {
  const before = [...provider.asked.values()].reduce((sum, each) => sum + each, 0)
  const oidc = { issuer: provider.issuer, client_id: CLIENT.id }
  await using own = await testDatabase()
  await using apart = await startGateway({
    env: {
      DATABASE_URL: own.url,
      CAUSEWAY_PUBLIC_URL: 'http://127.0.0.1:1',
      CAUSEWAY_ALLOW_PRIVATE_NETWORKS: 'false',
      CAUSEWAY_OIDC: JSON.stringify(oidc),
    },
  })
  const { status, headers } = await ask(apart, 'GET', '/auth/sso/login')
  expect([status, Number(headers['retry-after'])]).toEqual([503, expect.any(Number)])
  await vi.waitFor(async () => expect(await apart.output()).toContain('provider.unread'), { timeout: 5_000 })
  expect([...provider.asked.values()].reduce((sum, each) => sum + each, 0)).toBe(before)
})

test('with the provider away signing in answers 503 with Retry-After at once, and everything else goes on', async () => {
  const { cookie, url } = await begin()
  const at = await browse(url, home, 'eve')
  await provider.stop()
  const began = performance.now()
  const answer = await back(at, cookie)
  expect([answer.status, Number(answer.headers['retry-after'])]).toEqual([503, expect.any(Number)])
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  expect(performance.now() - began).toBeLessThan(2_000)
  expect((await ask(gateway, 'GET', '/v1/tools', { token: gateway.token })).status).toBe(200)
  await makePerson(gateway, 'greta')
  const local = await ask(gateway, 'POST', '/v1/auth/email/login', {
    body: { email: mail('greta'), password: 'mellow-brook-seven' },
  })
  expect(local.status).toBe(200)
})
