import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

const owned = new AsyncDisposableStack()
let gateway: RunningGateway
let sql: (text: string) => Promise<readonly object[]>
const tokens: Record<string, string> = {}
const mail = (name: string): string => `${name}@example.com`

beforeAll(async () => {
  const database = owned.use(await testDatabase())
  sql = async (text) => await database.sql(text)
  const env = { DATABASE_URL: database.url, CAUSEWAY_TEAM_MEMBERS: '4', CAUSEWAY_TEAMS_PER_USER: '15' }
  gateway = owned.use(await startGateway({ env }))
  for (const name of ['ann', 'bob', 'eve', 'joe', 'kim']) {
    expect((await admin('POST', '/v1/auth/email/admin/users', { email: mail(name) })).status).toBe(201)
    const { body } = await admin('POST', '/v1/tokens', { name: 'the first', user_email: mail(name) })
    tokens[name] = String(body['access_token'])
    await admin('POST', `/v1/rbac/users/${mail(name)}/roles`, { role_id: await founder(), scope: 'global' })
  }
})
afterAll(() => owned.disposeAsync())

let founders: string | undefined
/** May make teams. */
async function founder(): Promise<string> {
  const role = { name: 'founder', scope: 'global', permissions: ['teams.create'] }
  return (founders ??= (await admin('POST', '/v1/rbac/roles', role)).body.id)
}

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown> & { readonly id: string }
  readonly list: readonly Record<string, unknown>[]
}

async function ask(token: string, method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const said = (await response.json()) as Answer['body']
  return { status: response.status, body: said, list: Array.isArray(said) ? said : [] }
}
const admin = (method: string, path: string, body?: object) => ask(gateway.token, method, path, body)
const as = (name: string, method: string, path: string, body?: object) => ask(tokens[name] ?? '', method, path, body)

let made = 0
async function team(owner: string, over: object = {}): Promise<string> {
  const { status, body } = await as(owner, 'POST', '/v1/teams', { name: `team ${++made}`, ...over })
  expect([status, body['detail']]).toEqual([201, undefined])
  return body.id
}
const membersOf = async (owner: string, id: string): Promise<readonly unknown[]> =>
  (await as(owner, 'GET', `/v1/teams/${id}/members`)).list
    .map((one) => String(one['user_email']))
    .toSorted((a, b) => a.localeCompare(b))

describe('invitations', () => {
  const invite = (owner: string, id: string, name: string, role?: string) =>
    as(owner, 'POST', `/v1/teams/${id}/invitations`, { email: mail(name), ...(role && { role }) })
  const accept = (name: string, made: Answer) =>
    as(name, 'POST', `/v1/teams/invitations/${String(made.body['token'])}/accept`)

  test('a link is for one address and one use, is kept as a hash, and brings its role', async () => {
    const id = await team('ann')
    const link = await invite('ann', id, 'bob', 'owner')
    expect([link.status, link.body]).toEqual([
      201,
      expect.objectContaining({
        team_id: id,
        team_name: `team ${made}`,
        email: mail('bob'),
        role: 'owner',
        invited_by: mail('ann'),
        is_active: true,
        is_expired: false,
        email_delivery_status: 'not_sent',
        invitation_url: `${gateway.url}/v1/teams/invitations/${String(link.body['token'])}/accept`,
      }),
    ])
    expect(Date.parse(String(link.body['expires_at'])) - Date.now()).toBeCloseTo(7 * 86_400_000, -5)
    expect(JSON.stringify(await sql('SELECT * FROM team_invitations'))).not.toContain(link.body['token'])
    expect(JSON.stringify(await sql('SELECT * FROM audit_log'))).not.toContain(link.body['token'])
    const [listed] = (await as('ann', 'GET', `/v1/teams/${id}/invitations`)).list
    expect(listed).toMatchObject({ id: link.body.id, email: mail('bob') })
    expect(listed).not.toHaveProperty('token')

    const bad = { status: 400, body: expect.objectContaining({ code: 'invalid_request' }) }
    expect(await accept('eve', link)).toMatchObject(bad)
    expect((await accept('bob', link)).body).toMatchObject({
      team_id: id,
      user_email: mail('bob'),
      role: 'owner',
      invited_by: mail('bob'),
    })
    expect(await membersOf('bob', id)).toEqual([mail('ann'), mail('bob')])
    expect(await accept('bob', link)).toMatchObject(bad)
    expect((await as('ann', 'GET', `/v1/teams/${id}/invitations`)).list).toEqual([])
    const said = await as('eve', 'POST', `/v1/teams/invitations/${'x'.repeat(43)}/accept`)
    expect([said.status, said.body['detail']]).toEqual([400, (await accept('eve', link)).body['detail']])
  })

  test('what is cancelled or over leads nowhere; only those who look after the members see and make them', async () => {
    const id = await team('ann')
    await as('ann', 'POST', `/v1/teams/${id}/members`, { email: mail('joe'), role: 'member' })
    const link = await invite('ann', id, 'bob')
    expect((await invite('ann', id, 'bob')).status).toBe(409)
    expect((await invite('ann', id, 'joe')).body).toMatchObject({ code: 'conflict', field: 'email' })
    for (const [who, status] of [
      ['eve', 404],
      ['joe', 403],
    ] as const) {
      expect([who, (await invite(who, id, 'kim')).status]).toEqual([who, status])
      expect([who, (await as(who, 'GET', `/v1/teams/${id}/invitations`)).status]).toEqual([who, status])
      expect([who, (await as(who, 'DELETE', `/v1/teams/invitations/${link.body.id}`)).status]).toEqual([who, status])
    }
    expect((await as('ann', 'DELETE', `/v1/teams/invitations/${link.body.id}`)).body).toMatchObject({ success: true })
    expect((await as('ann', 'DELETE', `/v1/teams/invitations/${link.body.id}`)).status).toBe(404)
    expect((await accept('bob', link)).status).toBe(400)
    const late = await invite('ann', id, 'bob')
    await sql(`UPDATE team_invitations SET expires_at = now() - interval '1 second'`)
    expect((await as('ann', 'GET', `/v1/teams/${id}/invitations`)).list).toMatchObject([
      { is_active: false, is_expired: true },
    ])
    expect((await accept('bob', late)).status).toBe(400)
    expect((await invite('ann', id, 'bob')).status).toBe(201)
  })

  test('two who follow one link at once: one is in', async () => {
    const id = await team('ann')
    const link = await invite('ann', id, 'bob')
    const answers = await Promise.all(Array.from({ length: 8 }, () => accept('bob', link)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(7)
  })

  test('who is no user yet is invited when a team is made', async () => {
    const members = [{ email: mail('bob') }, { email: 'new@example.com', role: 'owner' }]
    const { body } = await as('ann', 'POST', '/v1/teams', { name: 'with strangers', members })
    expect(body).toMatchObject({
      members_added: [mail('bob')],
      invitations_sent: [
        { email: 'new@example.com', role: 'owner', invitation_id: expect.stringMatching(/^[0-9a-f]{32}$/) },
      ],
    })
  })
})

describe('requests to join', () => {
  test('a public team is found and asked; whoever looks after it lets in or turns away', async () => {
    const id = await team('ann', { visibility: 'public' })
    const hidden = await team('ann')
    const found = (await as('eve', 'GET', '/v1/teams/discover')).list
    expect(found.find((one) => one['id'] === id)).toMatchObject({ is_joinable: true, member_count: 1 })
    expect(found.find((one) => one['id'] === hidden)).toBeUndefined()
    expect((await as('eve', 'POST', `/v1/teams/${hidden}/join`, {})).status).toBe(404)

    const asked = await as('eve', 'POST', `/v1/teams/${id}/join`, { message: 'let me in' })
    expect([asked.status, asked.body]).toEqual([
      200,
      expect.objectContaining({ team_id: id, user_email: mail('eve'), message: 'let me in', status: 'pending' }),
    ])
    expect((await as('eve', 'POST', `/v1/teams/${id}/join`, {})).status).toBe(409)
    expect((await as('ann', 'POST', `/v1/teams/${id}/join`, {})).status).toBe(409)
    await as('bob', 'POST', `/v1/teams/${id}/join`, {})
    const path = `/v1/teams/${id}/join-requests`
    expect((await as('eve', 'GET', path)).status).toBe(403)
    const list = (await as('ann', 'GET', path)).list
    expect(list.map((one) => one['user_email'])).toEqual([mail('eve'), mail('bob')])
    const [first, second] = list.map((one) => String(one['id']))
    expect((await as('eve', 'POST', `${path}/${first}/approve`)).status).toBe(403)
    expect((await as('ann', 'POST', `${path}/${first}/approve`)).body).toMatchObject({
      user_email: mail('eve'),
      role: 'member',
    })
    expect((await as('ann', 'POST', `${path}/${first}/approve`)).status).toBe(404)
    expect((await as('ann', 'DELETE', `${path}/${second}`)).body).toMatchObject({ success: true })
    expect((await as('ann', 'DELETE', `${path}/${second}`)).status).toBe(404)
    expect(await membersOf('eve', id)).toEqual([mail('ann'), mail('eve')])
    expect((await as('eve', 'DELETE', `/v1/teams/${id}/leave`)).status).toBe(200)
    expect((await as('ann', 'DELETE', `/v1/teams/${id}/leave`)).body).toMatchObject({ code: 'conflict' })
  })

  test('a request of another team is none of this one', async () => {
    const [one, other] = [await team('ann', { visibility: 'public' }), await team('ann', { visibility: 'public' })]
    const { body } = await as('eve', 'POST', `/v1/teams/${one}/join`, {})
    expect((await as('ann', 'POST', `/v1/teams/${other}/join-requests/${body.id}/approve`)).status).toBe(404)
  })
})

describe('how many', () => {
  test('a team has as many members as it says, else as many as the setting; all ways in keep to it', async () => {
    const id = await team('ann', { visibility: 'public', max_members: 2 })
    const link = await as('ann', 'POST', `/v1/teams/${id}/invitations`, { email: mail('bob') })
    const { body } = await as('eve', 'POST', `/v1/teams/${id}/join`, {})
    expect((await as('ann', 'POST', `/v1/teams/${id}/members`, { email: mail('joe'), role: 'member' })).status).toBe(
      201,
    )
    const accepted = await as('bob', 'POST', `/v1/teams/invitations/${String(link.body['token'])}/accept`)
    expect([accepted.status, accepted.body['detail']]).toEqual([
      409,
      expect.stringContaining('as many members as it may'),
    ])
    expect((await as('ann', 'POST', `/v1/teams/${id}/join-requests/${body.id}/approve`)).status).toBe(409)
    expect((await as('kim', 'GET', '/v1/teams/discover')).list.find((one) => one['id'] === id)).toMatchObject({
      is_joinable: false,
    })
    // What was refused is as it was: raised, both are in.
    await as('ann', 'PUT', `/v1/teams/${id}`, { max_members: null })
    expect((await as('bob', 'POST', `/v1/teams/invitations/${String(link.body['token'])}/accept`)).status).toBe(200)
    expect((await as('ann', 'POST', `/v1/teams/${id}/join-requests/${body.id}/approve`)).status).toBe(200)
    expect((await as('ann', 'POST', `/v1/teams/${id}/members`, { email: mail('kim'), role: 'member' })).status).toBe(
      409,
    )
  })

  test('many who come at once do not make a team fuller than it may be', async () => {
    const id = await team('ann', { max_members: 3 })
    const names = ['bob', 'eve', 'joe', 'kim']
    const links = await Promise.all(
      names.map((name) => as('ann', 'POST', `/v1/teams/${id}/invitations`, { email: mail(name) })),
    )
    const answers = await Promise.all(
      names.map((name, n) => as(name, 'POST', `/v1/teams/invitations/${String(links[n]?.body['token'])}/accept`)),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(2)
  })

  test('a user is in as many teams as the setting says, the personal one aside', async () => {
    const { body } = await admin('GET', `/v1/auth/email/admin/users/${mail('kim')}`)
    const there = Number(
      (await sql(`SELECT count(*)::int AS n FROM team_members WHERE user_id = '${body.id}'`)).map((row) =>
        Reflect.get(row, 'n'),
      )[0],
    )
    for (let n = there; n < 15; n++) await team('kim')
    const refused = await as('kim', 'POST', '/v1/teams', { name: 'one too many' })
    expect([refused.status, refused.body['detail']]).toEqual([409, expect.stringContaining('as many as one may be in')])
    const id = await team('ann')
    expect(
      (await as('ann', 'POST', `/v1/teams/${id}/members`, { email: mail('kim'), role: 'member' })).body,
    ).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('as many teams'),
    })
  })
})
