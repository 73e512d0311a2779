import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { ask, eventually, login, mail, makePerson, PASSWORD } from './people.ts'
import { ssoScene, type SsoScene } from './sso-scene.ts'

let { gateway, database, person, signIn, lastAudit } = {} as SsoScene
/** Of the same database, where strangers make themselves users. */
let open: RunningGateway
const owned = new AsyncDisposableStack()

beforeAll(async () => {
  const scene = await ssoScene({ database: { template: 'unicode' } })
  ;({ gateway, database, person, signIn, lastAudit } = owned.use(scene))
  const env = { DATABASE_URL: database.url, CAUSEWAY_WORKERS: '1', CAUSEWAY_PUBLIC_REGISTRATION: 'true' }
  const dataDir = await mkdtemp(join(tmpdir(), 'cw-links-'))
  owned.defer(() => rm(dataDir, { recursive: true, force: true }))
  await copyFile(join(gateway.dataDir, 'keys.json'), join(dataDir, 'keys.json'))
  open = owned.use(await startGateway({ env, dataDir }))
})
afterAll(() => owned.disposeAsync())

const me = (token: string) => ask(gateway, 'GET', '/v1/auth/email/me', { token })

test.each([
  ['a Kelvin sign', 'mark', 'mar\u212A'],
  ['a capital I with a dot', 'igor', '\u0130gor'],
])('a verified address with %s leads to nobody else’s account', async (_, victim, attacker) => {
  await makePerson(gateway, victim)
  // What makes it dangerous: to the database by itself they are one.
  const [row] = await database.sql<{ same: boolean }>('SELECT lower($1) = lower($2) AS same', [victim, attacker])
  expect(row).toEqual({ same: true })
  const subject = `not-${victim}`
  person(subject, { email: mail(attacker) })
  const answer = await signIn(subject)
  expect([answer.status, answer.body]).toMatchObject([200, { user: { email: mail(attacker) } }])
  const whose = `SELECT u.email FROM user_identities AS i JOIN users AS u ON u.id = i.user_id WHERE i.subject = $1`
  expect(await database.sql(whose, [subject])).toEqual([{ email: mail(attacker) }])
  expect(await lastAudit()).toMatchObject({ made: true })
  person(victim)
  expect((await signIn(victim)).body).toMatchObject({ user: { email: mail(victim) } })
})

test('what somebody had of an account that it made by itself stops working when the address’s owner comes', async () => {
  const body = { email: mail('mia'), password: PASSWORD }
  expect((await ask(open, 'POST', '/v1/auth/email/register', { body })).status).toBe(201)
  const { body: session } = await login(open, 'mia')
  const asking = { token: session.access_token, body: { name: 'kept' } }
  await eventually(async () => (await me(session.access_token)).status === 200)
  const { body: made } = await ask(gateway, 'POST', '/v1/tokens', asking)
  await eventually(async () => (await me(made.access_token)).status === 200)
  person('mia')
  const { status, body: entered } = await signIn('mia')
  expect([status, entered]).toMatchObject([200, { user: { email: mail('mia') } }])
  expect(await lastAudit()).toMatchObject({ linked: true, withdrawn: { password: true, sessions: 1, tokens: 1 } })
  for (const token of [session.access_token, made.access_token])
    expect(await eventually(async () => (await me(token)).status === 401)).toBeLessThan(1_000)
  expect((await login(gateway, 'mia')).status).toBe(401)
  await eventually(async () => (await me(entered.access_token)).status === 200)
  // From then on it is its owner's.
  expect((await signIn('mia')).status).toBe(200)
  expect(await lastAudit()).not.toHaveProperty('withdrawn')
  expect((await me(entered.access_token)).status).toBe(200)
})

test('what an administrator set up goes on', async () => {
  await makePerson(gateway, 'ned')
  const before = await login(gateway, 'ned')
  person('ned')
  expect((await signIn('ned')).status).toBe(200)
  expect(await lastAudit()).toMatchObject({ linked: true })
  expect(await lastAudit()).not.toHaveProperty('withdrawn')
  expect((await login(gateway, 'ned')).status).toBe(200)
  await eventually(async () => (await me(before.body.access_token)).status === 200)
})
