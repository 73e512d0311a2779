import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { ask, login, mail, makePerson, PASSWORD, USERS, type Answer } from './people.ts'

/** In the locale of the database one letter of each is in lower case what the other has. */
const ALIKE = [
  ['mark', 'mar\u212A'],
  ['igor', '\u0130gor'],
  ['ren\u00e9', 'REN\u00c9'],
] as const

const owned = new AsyncDisposableStack()
let database: TestDatabase
let gateway: RunningGateway
let team: string

beforeAll(async () => {
  database = owned.use(await testDatabase({ template: 'unicode' }))
  gateway = owned.use(await startGateway({ env: { DATABASE_URL: database.url, CAUSEWAY_WORKERS: '2' } }))
  const { body } = await admin('POST', '/v1/teams', { name: 'payments' })
  team = String(body['id'])
  for (const [name] of ALIKE) {
    await makePerson(gateway, name)
    expect((await admin('POST', `/v1/teams/${team}/members`, { email: mail(name) })).status).toBe(201)
  }
})
afterAll(() => owned.disposeAsync())

const admin = (method: string, path: string, body?: object): Promise<Answer> =>
  ask(gateway, method, path, { token: gateway.token, ...(body && { body }) })
const at = (name: string): string => encodeURIComponent(mail(name))
const guesses = async (name: string) => (await admin('GET', `${USERS}/${at(name)}`)).body['failed_login_attempts']

/** What must not reach the one user when it is said of the other, with the answer to an address of nobody. */
const DOORS: readonly [string, (name: string) => Promise<Answer>, number][] = [
  ['sign in', (name) => login(gateway, name), 401],
  ['look at', (name) => admin('GET', `${USERS}/${at(name)}`), 404],
  ['reset the password of', (name) => admin('POST', `${USERS}/${at(name)}/reset-password`, {}), 404],
  ['unlock', (name) => admin('POST', `${USERS}/${at(name)}/unlock`, {}), 404],
  ['disable', (name) => admin('PATCH', `${USERS}/${at(name)}`, { is_active: false }), 404],
  ['see roles of', (name) => admin('GET', `/v1/rbac/users/${at(name)}/roles`), 404],
  [
    'give a role to',
    (name) => admin('POST', `/v1/rbac/users/${at(name)}/roles`, { role_id: 'platform_admin', scope: 'global' }),
    404,
  ],
  ['see permissions of', (name) => admin('GET', `/v1/rbac/permissions/user/${at(name)}`), 404],
  ['make a token for', (name) => admin('POST', '/v1/tokens', { name: 'one', user_email: mail(name) }), 422],
  ['list tokens of', (name) => admin('GET', `/v1/tokens/admin/all?user_email=${at(name)}`), 422],
  ['add to a team', (name) => admin('POST', `/v1/teams/${team}/members`, { email: mail(name) }), 404],
  ['make an owner of', (name) => admin('PUT', `/v1/teams/${team}/members/${at(name)}`, { role: 'owner' }), 404],
  ['remove from a team', (name) => admin('DELETE', `/v1/teams/${team}/members/${at(name)}`), 404],
]

describe.each(ALIKE)('somebody %s is not %s', (name, other) => {
  test('although the database by itself takes them for one', async () => {
    expect(await database.sql('SELECT lower($1) = lower($2) AS same', [name, other])).toEqual([{ same: true }])
  })

  test.each(DOORS)('to %s', async (_, door, status) => {
    const [nobody, alike] = [await door('nobody'), await door(other)]
    expect([nobody.status, alike.status]).toEqual([status, status])
  })

  test('guesses at the one do not count against the other', async () => {
    await login(gateway, name, { password: 'wrong-every-time' })
    const before = await guesses(name)
    expect(before).toBeGreaterThan(0)
    for (let n = 0; n < 3; n++) await login(gateway, other, { password: 'wrong-every-time', from: `127.0.3.${n + 1}` })
    expect(await guesses(name)).toBe(before)
  })

  test('a team that is made with the one invites it, and does not let the other in', async () => {
    const members = [{ email: mail(other) }]
    const made = await admin('POST', '/v1/teams', { name: `with ${other}`, members })
    expect(made.body).toMatchObject({ member_count: 1, members_added: [], invitations_sent: [{ email: mail(other) }] })
  })

  test('a link for the one is made although the other is in the team, and is good for it alone', async () => {
    const link = await admin('POST', `/v1/teams/${team}/invitations`, { email: mail(other) })
    expect(link.status).toBe(201)
    // There is one for each of them, where neither is in.
    const others = await admin('POST', '/v1/teams', { name: `others ${other}` })
    const path = `/v1/teams/${String(others.body['id'])}/invitations`
    const [first, second] = [
      await admin('POST', path, { email: mail(name) }),
      await admin('POST', path, { email: mail(other) }),
    ]
    expect([first.status, second.status]).toEqual([201, 201])
    const { body } = await login(gateway, name)
    const accept = (token: unknown) =>
      ask(gateway, 'POST', `/v1/teams/invitations/${String(token)}/accept`, { token: body.access_token })
    expect((await accept(second.body['token'])).status).toBe(400)
    expect((await accept(first.body['token'])).status).toBe(200)
  })

  test('both can be users, and each signs in as itself', async () => {
    await makePerson(gateway, other, { password: `${PASSWORD}-too` })
    expect((await login(gateway, other)).status).toBe(401)
    expect((await login(gateway, name, { password: `${PASSWORD}-too` })).status).toBe(401)
    for (const [who, password] of [
      [name, PASSWORD],
      [other, `${PASSWORD}-too`],
    ] as const) {
      const { status, body } = await login(gateway, who, { password })
      expect([status, body]).toMatchObject([200, { user: { email: mail(who) } }])
    }
    expect((await admin('POST', USERS, { email: mail(other) })).status).toBe(409)
  })
})
