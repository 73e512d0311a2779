import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { ask, eventually, login, mail, makePerson, PASSWORD, USERS, type Asking } from './people.ts'

const owned = new AsyncDisposableStack()
let database: TestDatabase
let gateway: RunningGateway

beforeAll(async () => {
  database = owned.use(await testDatabase())
  gateway = owned.use(await startGateway({ env: { DATABASE_URL: database.url, CAUSEWAY_WORKERS: '2' } }))
})
afterAll(() => owned.disposeAsync())

const admin = (method: string, path: string, body?: object) =>
  ask(gateway, method, path, { token: gateway.token, ...(body && { body }) })
const userPath = (name: string): string => `${USERS}/${encodeURIComponent(mail(name))}`
const me = async (token: string): Promise<number> => (await ask(gateway, 'GET', '/v1/auth/email/me', { token })).status
const post = (path: string, asking: Asking) => ask(gateway, 'POST', path, asking)

async function tokenOf(name: string, password = PASSWORD): Promise<string> {
  const { status, body } = await login(gateway, name, { password })
  expect([name, status, body.detail]).toEqual([name, 200, undefined])
  await eventually(async () => (await me(body.access_token)) === 200)
  return body.access_token
}

describe('signing in', () => {
  test('a password opens a session that every worker knows, under either path and name', async () => {
    await makePerson(gateway, 'ann')
    const { status, body, headers } = await login(gateway, 'ann')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      token_type: 'bearer',
      expires_in: 3600,
      user: { email: mail('ann'), is_admin: false },
    })
    expect(headers['cache-control']).toContain('no-store')
    expect(await eventually(async () => (await me(body.access_token)) === 200)).toBeLessThan(1_000)
    const other = await post('/auth/login', { body: { username: mail('ANN'), password: PASSWORD } })
    expect([other.status, other.body]).toMatchObject([200, { user: { email: mail('ann') } }])
    const user = await admin('GET', userPath('ann'))
    expect(Date.now() - Date.parse(user.body['last_login'] ?? '')).toBeLessThan(20_000)
    const audit = await database.sql<{ action: string; actor: string }>(
      `SELECT action, actor FROM audit_log WHERE action = 'session.begin' ORDER BY seq DESC LIMIT 1`,
    )
    expect(audit).toEqual([{ action: 'session.begin', actor: mail('ann') }])
  })

  test.each<[string, string, object, number]>([
    ['a wrong password', '/v1/auth/email/login', { email: mail('ann'), password: 'mellow-brook-eight' }, 401],
    ['nobody', '/v1/auth/email/login', { email: mail('nobody'), password: PASSWORD }, 401],
    ['no address', '/v1/auth/login', { username: 'ann', password: PASSWORD }, 400],
    ['no password', '/v1/auth/email/login', { email: mail('ann') }, 422],
    ['too long a password', '/v1/auth/email/login', { email: mail('ann'), password: 'x'.repeat(2000) }, 422],
  ])('%s is refused', async (_, path, body, status) => {
    const answer = await post(path, { body })
    expect(answer.status).toBe(status)
    if (status === 401) expect(answer.body.detail).toBe('Invalid email or password')
  })

  test('a body larger than any sign-in is not read', async () => {
    const { status } = await post('/v1/auth/email/login', {
      body: { email: mail('ann'), password: 'x'.repeat(60_000) },
    })
    expect(status).toBe(413)
  })

  test('nobody but its user has a service account’s word: it has no password', async () => {
    expect((await admin('POST', USERS, { email: mail('robot'), kind: 'service', password: PASSWORD })).status).toBe(422)
  })

  test('weak passwords are refused by name, and none is stored in the clear', async () => {
    const weak = await admin('POST', USERS, { email: mail('weak'), password: 'Password123!' })
    expect([weak.status, weak.body]).toMatchObject([422, { field: 'password' }])
    const rows = await database.sql<{ hash: string }>('SELECT hash FROM passwords')
    for (const { hash } of rows) expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await gateway.output()).not.toContain(PASSWORD)
  })

  test('strangers make no users of themselves unless that is allowed', async () => {
    const { status, body } = await post('/v1/auth/email/register', { body: { email: mail('new'), password: PASSWORD } })
    expect([status, body.detail]).toEqual([403, expect.stringContaining('disabled')])
  })
})

describe('a session', () => {
  test('is refreshed, says what it is, and ends on every worker within a second', async () => {
    await makePerson(gateway, 'bob')
    const first = await tokenOf('bob')
    const info = await ask(gateway, 'GET', '/v1/auth/validate', { token: first })
    expect(info.body).toMatchObject({ valid: true, session_source: 'local', config: { token_expiry: 3600 } })
    expect(info.body['expires_in']).toBeGreaterThan(3500)
    const next = await post('/v1/auth/refresh', { token: first })
    expect([next.status, next.body]).toMatchObject([200, { token_type: 'bearer', expires_in: 3600 }])
    await eventually(async () => (await me(next.body.access_token)) === 200)
    expect(await me(first)).toBe(200)
    const out = await post('/v1/auth/logout', { token: first })
    expect([out.status, out.body]).toMatchObject([200, { message: 'Logged out successfully' }])
    const gone = async () => (await me(first)) === 401 && (await me(next.body.access_token)) === 401
    expect(await eventually(gone)).toBeLessThan(1_000)
    expect((await post('/v1/auth/refresh', { token: first })).status).toBe(401)
  })

  test('that ends while it is refreshed leaves no token behind, on any worker', async () => {
    await makePerson(gateway, 'lea')
    const firsts = await Promise.all(Array.from({ length: 5 }, async () => await tokenOf('lea')))
    const nexts = await Promise.all(
      firsts.map(async (token) => {
        const asked = Array.from({ length: 4 }, () => post('/v1/auth/refresh', { token }))
        const [out, ...answers] = await Promise.all([post('/v1/auth/logout', { token }), ...asked])
        expect(out.status).toBe(200)
        return answers.filter(({ status }) => status === 200).map(({ body }) => body.access_token)
      }),
    )
    const all = [...firsts, ...nexts.flat()]
    const isOver = async (): Promise<boolean> => (await Promise.all(all.map(me))).every((status) => status === 401)
    expect(await eventually(isOver)).toBeLessThan(1_000)
  })

  test('has ten tokens at a time, and says so', async () => {
    await makePerson(gateway, 'zoe')
    const first = await tokenOf('zoe')
    for (let n = 1; n < 10; n++) expect((await post('/v1/auth/refresh', { token: first })).status).toBe(200)
    const full = await post('/v1/auth/refresh', { token: first })
    expect([full.status, full.body.detail]).toEqual([429, expect.stringContaining('10 tokens')])
    expect(await me(first)).toBe(200)
  })

  test('is no API token: it stands in no list, and what is made with it may outlive it', async () => {
    await makePerson(gateway, 'cid')
    const token = await tokenOf('cid')
    const made = await post('/v1/tokens', { token, body: { name: 'laptop' } })
    expect([made.status, made.body['token']]).toMatchObject([201, { expires_at: null, user_email: mail('cid') }])
    const list = await ask(gateway, 'GET', '/v1/tokens', { token })
    expect(list.body).toMatchObject({ total: 1, tokens: [{ name: 'laptop' }] })
    expect((await post('/v1/auth/logout', { token: gateway.token })).status).toBe(400)
    expect((await ask(gateway, 'GET', '/v1/auth/validate', { token: gateway.token })).body).toMatchObject({
      session_source: 'api_token',
      expires_at: null,
    })
  })

  test('ends with its user, and does not come back with it', async () => {
    await makePerson(gateway, 'dan')
    const token = await tokenOf('dan')
    await admin('PATCH', userPath('dan'), { is_active: false })
    expect(await eventually(async () => (await me(token)) === 401)).toBeLessThan(1_000)
    expect((await login(gateway, 'dan')).status).toBe(401)
    await admin('PATCH', userPath('dan'), { is_active: true })
    await tokenOf('dan')
    expect(await me(token)).toBe(401)
  })
})

describe('choosing a password', () => {
  const change = (asking: Asking) => post('/v1/auth/email/change-password', asking)

  test('in place of the old one: every session ends, and the answer has a new one', async () => {
    await makePerson(gateway, 'eve')
    const token = await tokenOf('eve')
    const wrong = { old_password: 'not-the-old-one', new_password: 'another-brook-nine' }
    expect((await change({ token, body: wrong })).status).toBe(401)
    const same = { old_password: PASSWORD, new_password: PASSWORD }
    expect((await change({ token, body: same })).status).toBe(422)
    const { status, body } = await change({ token, body: { ...same, new_password: 'another-brook-nine' } })
    expect([status, body]).toMatchObject([200, { success: true, user: { email: mail('eve') } }])
    expect(await eventually(async () => (await me(token)) === 401)).toBeLessThan(1_000)
    await eventually(async () => (await me(body.access_token)) === 200)
    expect((await login(gateway, 'eve')).status).toBe(401)
    await tokenOf('eve', 'another-brook-nine')
    expect((await change({ body: same })).status).toBe(401)
  })

  test('is no guess at the old one where it comes to nothing', async () => {
    await makePerson(gateway, 'jon')
    const choices = ['first', 'second', 'third', 'fourth'].map((word) => `${word}-brook-nine`)
    const answers = await Promise.all(
      choices.map((chosen) => change({ body: { email: mail('jon'), old_password: PASSWORD, new_password: chosen } })),
    )
    const count = (wanted: number): number => answers.filter(({ status }) => status === wanted).length
    // Who comes when it is done comes with a password that is wrong by then.
    expect([count(200), count(409) + count(401)]).toEqual([1, 3])
    expect(count(409)).toBeGreaterThan(0)
    expect((await admin('GET', userPath('jon'))).body).toMatchObject({ failed_login_attempts: count(401) })
  })

  test('is asked for where somebody else chose it, before anything else is let in', async () => {
    await makePerson(gateway, 'fay', { password_change_required: true })
    const { status, headers, body } = await login(gateway, 'fay')
    expect([status, headers['x-password-change-required']]).toEqual([403, 'true'])
    expect(body.access_token).toBeUndefined()
    expect((await login(gateway, 'fay', { password: 'wrong-brook-seven' })).status).toBe(401)
    const chosen = { email: mail('fay'), old_password: PASSWORD, new_password: 'chosen-brook-nine' }
    expect((await change({ body: chosen })).status).toBe(200)
    await tokenOf('fay', 'chosen-brook-nine')
    expect((await admin('GET', userPath('fay'))).body).toMatchObject({ password_change_required: false })
  })

  test('with a code: the old one is worth nothing at once, the code is good once', async () => {
    await makePerson(gateway, 'gil')
    const token = await tokenOf('gil')
    const { status, body } = await admin('POST', `${userPath('gil')}/reset-password`)
    expect(status).toBe(200)
    expect(await eventually(async () => (await me(token)) === 401)).toBeLessThan(1_000)
    expect((await login(gateway, 'gil')).status).toBe(401)
    const use = { reset_code: body.reset_code, new_password: 'reset-brook-nine' }
    const short = await post('/v1/auth/email/reset-password', { body: { ...use, new_password: 'short' } })
    expect([short.status, short.body]).toMatchObject([422, { field: 'new_password' }])
    expect((await post('/v1/auth/email/reset-password', { body: use })).body).toMatchObject({ email: mail('gil') })
    const again = await post('/v1/auth/email/reset-password', { body: use })
    expect([again.status, again.body]).toMatchObject([422, { field: 'reset_code' }])
    await tokenOf('gil', 'reset-brook-nine')
    const stored = await database.sql<{ n: number }>('SELECT count(*)::int AS n FROM password_resets')
    expect(stored).toEqual([{ n: 0 }])
    expect(await gateway.output()).not.toContain(body.reset_code)
  })

  test('with a code that is used many times at once: one of them chose', async () => {
    await makePerson(gateway, 'kim')
    const { body } = await admin('POST', `${userPath('kim')}/reset-password`)
    const choices = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'].map((word) => `${word}-brook-nine`)
    const answers = await Promise.all(
      choices.map((chosen) =>
        post('/v1/auth/email/reset-password', { body: { reset_code: body.reset_code, new_password: chosen } }),
      ),
    )
    expect(answers.map(({ status }) => status).filter((status) => status !== 422)).toEqual([200])
    await tokenOf('kim', choices[answers.findIndex(({ status }) => status === 200)])
  })

  test('a code that is over is no code', async () => {
    await makePerson(gateway, 'hal')
    const { body } = await admin('POST', `${userPath('hal')}/reset-password`)
    await database.sql(`UPDATE password_resets SET expires_at = now() - interval '1 second'`)
    const late = { reset_code: body.reset_code, new_password: 'reset-brook-nine' }
    expect((await post('/v1/auth/email/reset-password', { body: late })).status).toBe(422)
  })

  test('by whoever looks after users; of administrators by those alone', async () => {
    await makePerson(gateway, 'ira')
    const token = await tokenOf('ira')
    expect((await ask(gateway, 'PATCH', userPath('eve'), { token, body: { password: PASSWORD } })).status).toBe(403)
    expect((await post(`${userPath('eve')}/reset-password`, { token })).status).toBe(403)
    expect((await admin('PATCH', userPath('ira'), { password: 'set-by-the-boss' })).status).toBe(200)
    expect(await eventually(async () => (await me(token)) === 401)).toBeLessThan(1_000)
    await tokenOf('ira', 'set-by-the-boss')
  })
})
