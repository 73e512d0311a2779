import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { ask, eventually, login, mail, makePerson, PASSWORD, type Answer, type Asking } from '../sign-in/people.ts'

const owned = new AsyncDisposableStack()
let gateway: RunningGateway
let ours: Readonly<Record<string, string>>

beforeAll(async () => {
  const database = owned.use(await testDatabase())
  gateway = owned.use(await startGateway({ env: { DATABASE_URL: database.url, CAUSEWAY_WORKERS: '2' } }))
  ours = { origin: gateway.url, 'sec-fetch-site': 'same-origin' }
})
afterAll(() => owned.disposeAsync())

const ME = '/v1/auth/email/me'
const LOGIN = '/v1/auth/email/login'
const post = (path: string, asking: Asking) => ask(gateway, 'POST', path, asking)
const credentials = (name: string) => ({ email: mail(name), password: PASSWORD, cookie: true })
const FIELD = /^__Host-causeway=(cw_[\w-]{49}); Max-Age=(\d+); Path=\/; Secure; HttpOnly; SameSite=Lax$/

/** The only cookie that an answer gives: its value and its seconds. */
function given({ headers }: Answer): readonly [value: string, seconds: number] {
  const fields = headers['set-cookie'] ?? []
  const [, value = '', seconds] = FIELD.exec(fields.length === 1 ? String(fields[0]) : '') ?? []
  expect([fields, value.length]).toEqual([fields, 52])
  return [value, Number(seconds)]
}

const by = (value: string, headers: Readonly<Record<string, string>> = ours): Asking => ({
  headers: { cookie: `__Host-causeway=${value}`, ...headers },
})
const me = async (asking: Asking): Promise<number> => (await ask(gateway, 'GET', ME, asking)).status

async function signedIn(name: string): Promise<string> {
  await makePerson(gateway, name, { is_admin: true })
  const [value] = given(await post(LOGIN, { body: credentials(name), headers: ours }))
  await eventually(async () => (await me(by(value))) === 200)
  return value
}

describe('a session as a cookie', () => {
  test('is what a sign-in asks for; its answer then has no token that a script could read', async () => {
    await makePerson(gateway, 'ann')
    const answer = await post(LOGIN, { body: credentials('ann'), headers: ours })
    expect([answer.status, answer.body]).toMatchObject([200, { token_type: 'cookie', expires_in: 3600 }])
    expect(answer.headers['cache-control']).toContain('no-store')
    const [value, seconds] = given(answer)
    expect(seconds).toBe(3600)
    expect(JSON.stringify(answer.body)).not.toContain(value)
    await eventually(async () => (await me(by(value))) === 200)
  })

  test('is not given to who does not ask for it', async () => {
    await makePerson(gateway, 'bea')
    const { status, headers, body } = await login(gateway, 'bea', { headers: ours })
    expect([status, headers['set-cookie'], body.access_token]).toEqual([200, undefined, expect.stringMatching(/^cw_/)])
  })

  test.each([
    ['another origin', { origin: 'http://127.0.0.1:1' }, 403],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['who knows where', {}, 403],
    ['a form', { 'sec-fetch-site': 'same-origin', 'content-type': 'text/plain' }, 415],
  ])('is not given to %s', async (_, headers, status) => {
    const answer = await post(LOGIN, { body: credentials('ann'), headers })
    expect([answer.status, answer.headers['set-cookie']]).toEqual([status, undefined])
  })

  test('is refreshed by another cookie and ended with its session, on every worker', async () => {
    const first = await signedIn('cid')
    const next = await post('/v1/auth/refresh', by(first))
    expect([next.status, next.body]).toMatchObject([200, { token_type: 'cookie' }])
    const [second] = given(next)
    expect(second).not.toBe(first)
    expect(JSON.stringify(next.body)).not.toContain(second)
    await eventually(async () => (await me(by(second))) === 200)
    const out = await post('/v1/auth/logout', by(second))
    expect([out.status, out.headers['set-cookie']]).toEqual([
      200,
      ['__Host-causeway=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax'],
    ])
    await eventually(async () => (await me(by(first))) === 401 && (await me(by(second))) === 401)
  })

  test('is answered with another when its user chooses another password', async () => {
    const value = await signedIn('dan')
    const body = { old_password: PASSWORD, new_password: `${PASSWORD}-more` }
    const { status, ...changed } = await post('/v1/auth/email/change-password', { ...by(value), body })
    expect([status, changed.body.access_token]).toEqual([200, undefined])
    const [next] = given(changed as Answer)
    await eventually(async () => (await me(by(next))) === 200 && (await me(by(value))) === 401)
  })
})

describe('what a cookie is good for', () => {
  test('pages of ours read and change; pages of others neither, and nothing came of it', async () => {
    const value = await signedIn('eve')
    const elsewhere = { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' }
    const make = (name: string, headers: Readonly<Record<string, string>>) =>
      post('/v1/teams', { ...by(value, headers), body: { name } })
    expect((await make('hers', ours)).status).toBe(201)
    expect(await me(by(value, elsewhere))).toBe(403)
    const refused = await make('planted', elsewhere)
    expect([refused.status, refused.body]).toMatchObject([403, { code: 'forbidden_page' }])
    expect(refused.body.detail).toContain('http://127.0.0.1:1')
    expect((await make('planted', {})).status).toBe(403)
    const teams = JSON.stringify((await ask(gateway, 'GET', '/v1/teams', by(value))).body)
    expect([teams.includes('hers'), teams.includes('planted')]).toEqual([true, false])
  })

  test('who says nothing of where it comes from shows its CSRF token', async () => {
    const value = await signedIn('flo')
    const said = await ask(gateway, 'GET', '/v1/auth/csrf-token', by(value, {}))
    const token = String(said.body['csrf_token'])
    const made = await post('/v1/teams', { ...by(value, { 'x-csrf-token': token }), body: { name: 'flo' } })
    expect(made.status).toBe(201)
    const other = await signedIn('gus')
    const wrong = await post('/v1/teams', { ...by(other, { 'x-csrf-token': token }), body: { name: 'gus' } })
    expect([wrong.status, wrong.body.detail]).toEqual([403, expect.stringContaining('csrf-token')])
    expect((await ask(gateway, 'GET', '/v1/auth/csrf-token', { token: gateway.token })).status).toBe(400)
  })

  test('a bearer token beside it is the one that counts, good or bad', async () => {
    const value = await signedIn('hal')
    const email = async (token: string) => (await ask(gateway, 'GET', ME, { ...by(value), token })).body
    expect(await email(gateway.token)).toMatchObject({ email: 'admin@localhost' })
    expect(await email('cw_bad')).toMatchObject({ code: 'unauthenticated' })
    const anywhere = { ...by(value, { 'x-y': 'z' }), token: gateway.token, body: { name: 'by a program' } }
    expect((await post('/v1/teams', anywhere)).status).toBe(201)
  })

  test.each(['/mcp', '/rpc', '/metrics', `/servers/${'0'.repeat(32)}/mcp`])('nothing at %s', async (path) => {
    const value = await signedIn(`ida${path.replaceAll(/\W/g, '-')}`)
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
    const method = path === '/metrics' ? 'GET' : 'POST'
    const { status } = await ask(gateway, method, path, { ...by(value), ...(method === 'POST' && { body }) })
    expect(status).toBe(401)
  })
})

test('a gateway that is reached in the clear gives and takes no cookies', async () => {
  await using database = await testDatabase()
  const env = { DATABASE_URL: database.url, CAUSEWAY_PUBLIC_URL: 'http://mcp.lan' }
  await using plain = await startGateway({ env })
  await makePerson(plain, 'ann')
  const clear = { host: 'mcp.lan', origin: 'http://mcp.lan' }
  const said = await ask(plain, 'POST', LOGIN, { body: credentials('ann'), headers: clear })
  expect([said.status, said.headers['set-cookie']]).toEqual([400, undefined])
  expect(said.body.detail).toContain('CAUSEWAY_PUBLIC_URL')
  const { body } = await login(plain, 'ann')
  const token = body.access_token
  expect((await ask(plain, 'GET', ME, by(token, clear))).status).toBe(401)
  expect((await ask(plain, 'GET', ME, { token, headers: clear })).status).toBe(200)
  expect((await ask(plain, 'GET', ME, by(token, {}))).status).toBe(200)
})
