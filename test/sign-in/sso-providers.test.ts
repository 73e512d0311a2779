import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, makePerson, mail, USERS } from './people.ts'
import { sentences, ssoScene, type SsoScene } from './sso-scene.ts'

/** A provider that says everything in the ID token, nothing of whether addresses are verified, and wants our secret in the form. */
let { gateway, provider, database, person, signIn, lastAudit } = {} as SsoScene
const owned = new AsyncDisposableStack()

beforeAll(async () => {
  const scene = await ssoScene({
    oidc: { addresses: 'trusted', unknown_users: 'refuse' },
    provider: { wholeIdToken: true, secretInForm: true },
  })
  ;({ gateway, provider, database, person, signIn, lastAudit } = owned.use(scene))
})
afterAll(() => owned.disposeAsync())

test('such a one is no less good: nothing is asked at userinfo', async () => {
  await makePerson(gateway, 'ann')
  person('ann', { email_verified: undefined, groups: ['bosses'] })
  const { status, body } = await signIn('ann')
  expect([status, body]).toMatchObject([200, { user: { email: mail('ann'), is_admin: true } }])
  expect(provider.asked.get('/token')).toBe(1)
  expect(provider.asked.has('/me')).toBe(false)
})

test('an address that it says not to have verified is none all the same', async () => {
  person('bob', { email_verified: false })
  expect(sentences(await signIn('bob'))).toEqual([403, expect.stringMatching(/no verified e-mail/)])
})

test('who is no user here is told what to do, and stays none', async () => {
  person('carl')
  expect(sentences(await signIn('carl'))).toEqual([403, expect.stringMatching(/ask an administrator/)])
  expect((await ask(gateway, 'GET', `${USERS}/${mail('carl')}`, { token: gateway.token })).status).toBe(404)
})

test('a user has a hundred sessions at most, the newest', async () => {
  await database.sql(`
    INSERT INTO sessions (id, user_id, started_at, ends_at, provider)
    SELECT lpad(to_hex(n), 32, '0'), u.id, now() - n * interval '1 minute', now() + interval '1 hour', 'sso'
      FROM generate_series(1, 120) AS n, users AS u WHERE u.email = '${mail('ann')}'`)
  expect((await signIn('ann')).status).toBe(200)
  const [row] = await database.sql<{ count: number; newest: boolean }>(`
    SELECT count(*)::int AS count, bool_or(s.started_at > now() - interval '30 seconds') AS newest
      FROM sessions AS s JOIN users AS u ON u.id = s.user_id WHERE u.email = '${mail('ann')}'`)
  expect(row).toEqual({ count: 100, newest: true })
})

test('whoever is left alone as administrator stays one, whatever its groups are', async () => {
  const others = `DELETE FROM role_assignments USING users AS u
    WHERE user_id = u.id AND u.email <> '${mail('ann')}' AND role_id = '00000000000070008000000000000001'`
  await database.sql(others)
  person('ann', { email_verified: undefined, groups: [] })
  const { status, body } = await signIn('ann')
  expect([status, body]).toMatchObject([200, { user: { is_admin: true } }])
  expect(await lastAudit()).toMatchObject({ lost: [] })
})
