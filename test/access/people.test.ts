import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

const owned = new AsyncDisposableStack()
let gateway: RunningGateway
let upstream: string
let adminMail: string
const tokens: Record<string, string> = {}

beforeAll(async () => {
  upstream = owned.use(await startSlowServer()).at('modern')
  const database = owned.use(await testDatabase())
  gateway = owned.use(await startGateway({ env: { DATABASE_URL: database.url, CAUSEWAY_WORKERS: '2' } }))
  adminMail = String((await admin('GET', '/v1/auth/email/me')).body['email'])
  for (const name of ['ann', 'bob', 'eve']) {
    const { status } = await admin('POST', USERS, { email: mail(name), full_name: name })
    expect([name, status]).toEqual([name, 201])
    const made = await admin('POST', '/v1/tokens', { name: 'the first', user_email: mail(name) })
    expect([made.status, made.body['token']]).toEqual([201, expect.objectContaining({ user_email: mail(name) })])
    tokens[name] = String(made.body['access_token'])
  }
  await eventually(async () => (await as('eve', 'GET', '/v1/rbac/my/roles')).status === 200)
})
afterAll(() => owned.disposeAsync())

const USERS = '/v1/auth/email/admin/users'
const mail = (name: string): string => `${name}@example.com`

interface Answer {
  readonly status: number
  // The shape is what each test looks at.
  readonly body: Record<string, never> & { readonly id: string; readonly detail: string }
}

async function ask(token: string, method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Answer['body'] }
}
const admin = (method: string, path: string, body?: object) => ask(gateway.token, method, path, body)
const as = (name: string, method: string, path: string, body?: object) => ask(tokens[name] ?? '', method, path, body)

/** True ten times in a row, on fresh connections, so that every worker says so. */
async function eventually(holds: () => Promise<boolean>, ms = 5_000): Promise<number> {
  const began = performance.now()
  for (let row = 0; row < 10;) {
    row = (await holds()) ? row + 1 : 0
    if (performance.now() - began > ms) throw new Error('it did not come true in time')
  }
  return performance.now() - began
}

async function makeTeam(name: string, members: readonly object[] = [], over: object = {}): Promise<string> {
  const { status, body } = await admin('POST', '/v1/teams', { name, members, ...over })
  expect([name, status, body.detail]).toEqual([name, 201, undefined])
  return body.id
}

describe('users', () => {
  test('a user has what REST promises, a personal team and the role of everybody; its e-mail is its own', async () => {
    const { body, status } = await admin('GET', `${USERS}/${encodeURIComponent(mail('ann'))}`)
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({ email: mail('ann'), is_admin: false, is_active: true }),
    ])
    expect((await as('ann', 'GET', '/v1/auth/email/me')).body).toMatchObject({ email: mail('ann'), id: body.id })
    const teams = await as('ann', 'GET', '/v1/teams')
    expect(teams.body).toMatchObject({ total: 1, teams: [{ id: body.id, is_personal: true, member_count: 1 }] })
    expect((await as('ann', 'GET', '/v1/rbac/my/roles')).body).toMatchObject([{ role_name: 'platform_viewer' }])
    expect((await admin('POST', USERS, { email: mail('ANN') })).status).toBe(409)
    expect((await admin('POST', USERS, { email: mail('x'), password: 'secret' })).status).toBe(422)
    expect((await admin('PUT', `/v1/teams/${body.id}`, { name: 'mine' })).status).toBe(409)
  })

  test('looking after users is for those who may; administrators are for administrators; the last one stays', async () => {
    expect((await as('ann', 'GET', USERS)).status).toBe(403)
    expect((await admin('PATCH', `${USERS}/${adminMail}`, { is_active: false })).body).toMatchObject({
      code: 'conflict',
    })
    expect((await admin('PATCH', `${USERS}/${adminMail}`, { is_admin: false })).status).toBe(409)
    expect((await admin('DELETE', `${USERS}/${adminMail}`)).status).toBe(400)
    const role = await admin('POST', '/v1/rbac/roles', {
      name: 'reception',
      scope: 'global',
      permissions: ['admin.user_management', 'teams.manage_members'],
    })
    expect(role.body).toMatchObject({
      is_system_role: false,
      effective_permissions: ['teams.manage_members', 'admin.user_management'],
    })
    await admin('POST', `/v1/rbac/users/${mail('bob')}/roles`, { role_id: role.body.id, scope: 'global' })
    await eventually(async () => (await as('bob', 'GET', USERS)).status === 200)
    expect((await as('bob', 'POST', USERS, { email: mail('new'), is_admin: true })).status).toBe(403)
    expect((await as('bob', 'PATCH', `${USERS}/${mail('bob')}`, { is_admin: true })).status).toBe(403)
    const promotion = { role_id: 'platform_admin', scope: 'global' }
    expect((await as('bob', 'POST', `/v1/rbac/users/${mail('bob')}/roles`, promotion)).status).toBe(403)
    expect(
      (await as('bob', 'POST', '/v1/rbac/roles', { name: 'x', scope: 'global', permissions: ['admin.export'] })).status,
    ).toBe(403)
    expect((await as('bob', 'POST', USERS, { email: mail('new') })).status).toBe(201)
    await admin('PUT', `/v1/rbac/roles/${role.body.id}`, { permissions: [] })
    expect(await eventually(async () => (await as('bob', 'GET', USERS)).status === 403)).toBeLessThan(2_000)
    expect((await admin('DELETE', `/v1/rbac/roles/${role.body.id}`)).status).toBe(200)
    expect((await admin('DELETE', '/v1/rbac/roles/viewer')).status).toBe(409)
    expect((await admin('DELETE', `/v1/rbac/users/${adminMail}/roles/platform_admin?scope=global`)).status).toBe(409)
    const ending = { ...promotion, expires_at: new Date(Date.now() + 3_600_000).toISOString() }
    expect((await admin('POST', `/v1/rbac/users/${adminMail}/roles`, ending)).status).toBe(409)
  })

  test('a disabled user is out everywhere at once, and back when enabled', async () => {
    await admin('PATCH', `${USERS}/${mail('eve')}`, { is_active: false })
    expect(await eventually(async () => (await as('eve', 'GET', '/v1/tools')).status === 401)).toBeLessThan(2_000)
    await admin('PATCH', `${USERS}/${mail('eve')}`, { is_active: true })
    await eventually(async () => (await as('eve', 'GET', '/v1/tools')).status === 200)
  })
})

describe('teams', () => {
  test('what is for a team is its members alone, who makes it decides for whom, and leaving ends it everywhere at once', async () => {
    const id = await makeTeam('Red', [{ email: mail('ann'), role: 'owner' }, { email: mail('bob') }])
    await eventually(async () => (await as('ann', 'GET', `/v1/teams/${id}`)).status === 200)
    const made = await as('ann', 'POST', '/v1/gateways', { name: 'red', url: upstream, team_id: id })
    expect([made.status, made.body]).toEqual([200, expect.objectContaining({ teamId: id, visibility: 'team' })])
    const path = `/v1/gateways/${made.body.id}`
    await eventually(async () => (await as('bob', 'GET', path)).status === 200)
    expect((await as('eve', 'GET', path)).status).toBe(404)
    expect((await as('bob', 'DELETE', path)).status).toBe(403)
    expect((await as('bob', 'POST', '/v1/gateways', { name: 'b', url: upstream, team_id: id })).status).toBe(403)
    expect((await as('eve', 'POST', '/v1/gateways', { name: 'b', url: upstream, team_id: id })).body).toMatchObject({
      code: 'invalid_field',
      field: 'team_id',
    })
    expect((await as('ann', 'PUT', path, { visibility: 'public' })).status).toBe(403)
    expect((await as('ann', 'PUT', path, { team_id: null })).body).toMatchObject({ field: 'visibility' })
    const tools = await rpc('bob', 'tools/list')
    expect(JSON.stringify(tools)).toContain('red-slow')
    expect(JSON.stringify(await rpc('eve', 'tools/list'))).not.toContain('red-slow')
    expect((await admin('DELETE', `/v1/teams/${id}`)).body).toMatchObject({ code: 'conflict' })

    await admin('POST', `/v1/rbac/users/${mail('bob')}/roles`, { role_id: 'developer', scope: 'team', scope_id: id })
    await eventually(async () => (await as('bob', 'PUT', path, {})).status === 200)
    expect((await as('bob', 'DELETE', `/v1/teams/${id}/leave`)).status).toBe(200)
    const gone = async (): Promise<boolean> => {
      const [seen, list] = [await as('bob', 'GET', path), await rpc('bob', 'tools/list')]
      return seen.status === 404 && !JSON.stringify(list).includes('red-slow')
    }
    expect(await eventually(gone)).toBeLessThan(2_000)
    await as('ann', 'POST', `/v1/teams/${id}/members`, { email: mail('bob') })
    await eventually(async () => (await as('bob', 'GET', path)).status === 200)
    expect((await as('bob', 'PUT', path, {})).status).toBe(403)
    await admin('DELETE', path)
    expect((await as('ann', 'DELETE', `/v1/teams/${id}`)).status).toBe(200)
    await eventually(async () => (await as('ann', 'GET', `/v1/teams/${id}`)).status === 404)
  })

  test('members: by their owners, once, no more than may be, and an owner stays', async () => {
    const id = await makeTeam('Blue', [{ email: mail('ann'), role: 'owner' }], { max_members: 3 })
    const members = `/v1/teams/${id}/members`
    await eventually(async () => (await as('ann', 'GET', members)).status === 200)
    expect((await as('eve', 'GET', members)).status).toBe(404)
    expect((await as('ann', 'POST', members, { email: mail('nobody') })).status).toBe(404)
    expect((await as('ann', 'POST', members, { email: mail('bob'), role: 'member' })).body).toMatchObject({
      user_email: mail('bob'),
      role: 'member',
      invited_by: mail('ann'),
    })
    expect((await as('ann', 'POST', members, { email: mail('bob') })).status).toBe(409)
    expect((await as('ann', 'POST', members, { email: mail('eve') })).body).toMatchObject({
      detail: 'the team has as many members as it may: raise max_members first',
    })
    expect((await as('bob', 'POST', members, { email: mail('eve') })).status).toBe(403)
    expect((await admin('DELETE', `${members}/${mail('ann')}`)).status).toBe(200)
    expect((await admin('DELETE', `${members}/${adminMail}`)).body).toMatchObject({ code: 'conflict' })
    expect((await admin('PUT', `${members}/${mail('bob')}`, { role: 'owner' })).body).toMatchObject({ role: 'owner' })
    expect((await admin('DELETE', `${members}/${adminMail}`)).status).toBe(200)
    expect((await admin('GET', members)).body).toMatchObject([{ user_email: mail('bob') }])
  })

  test('many who join at once are no more than may be', async () => {
    const id = await makeTeam('Small', [], { max_members: 2 })
    const asked = ['ann', 'bob', 'eve'].map((name) => admin('POST', `/v1/teams/${id}/members`, { email: mail(name) }))
    const statuses = (await Promise.all(asked)).map(({ status }) => String(status)).toSorted()
    expect(statuses).toEqual(['201', '409', '409'])
  })

  test('a public team is found by others, and its members are not shown to them', async () => {
    const id = await makeTeam('Open', [], { visibility: 'public' })
    const found = (await as('eve', 'GET', '/v1/teams/discover')).body as unknown as { id: string }[]
    expect(found.map((team) => team.id)).toContain(id)
    expect((await as('eve', 'GET', `/v1/teams/${id}`)).status).toBe(200)
    expect((await as('eve', 'GET', `/v1/teams/${id}/members`)).status).toBe(403)
    expect((await as('eve', 'PUT', `/v1/teams/${id}`, { name: 'x' })).status).toBe(403)
  })
})

describe('tokens', () => {
  test('made for oneself; for others by administrators, and no wider than their user', async () => {
    const forAnn = { name: 'for ann', user_email: mail('ann') }
    expect((await as('bob', 'POST', '/v1/tokens', forAnn)).status).toBe(403)
    const narrow = await admin('POST', '/v1/tokens', { name: 'narrow', scope: { permissions: ['tokens.create'] } })
    // Any worker may answer, and a token is known to all of them within a second.
    await eventually(
      async () => (await ask(String(narrow.body['access_token']), 'POST', '/v1/tokens', forAnn)).status === 403,
    )
    const made = await admin('POST', '/v1/tokens', forAnn)
    await eventually(async () => (await ask(String(made.body['access_token']), 'GET', '/v1/tools')).status === 200)
    expect((await ask(String(made.body['access_token']), 'GET', USERS)).status).toBe(403)
    expect((await admin('POST', '/v1/tokens', { name: 'x', user_email: mail('nobody') })).status).toBe(422)
  })

  test('narrowed to a team: good for it and what is public, and over with the membership', async () => {
    const id = await makeTeam('Token', [{ email: mail('ann'), role: 'owner' }])
    await eventually(async () => (await as('ann', 'GET', `/v1/teams/${id}`)).status === 200)
    expect((await as('eve', 'POST', '/v1/tokens', { name: 'no', team_id: id })).body).toMatchObject({
      field: 'team_id',
    })
    const { body } = await as('ann', 'POST', '/v1/tokens', { name: 'of the team', team_id: id })
    expect(body['token']).toMatchObject({ team_id: id, user_email: mail('ann') })
    const token = String(body['access_token'])
    await eventually(async () => (await ask(token, 'GET', '/v1/tools')).status === 200)
    const made = await ask(token, 'POST', '/v1/gateways', { name: 'by token', url: upstream })
    expect(made.body).toMatchObject({ teamId: id, visibility: 'team' })
    expect((await ask(token, 'GET', '/v1/access/explain?permission=tools.read')).status).toBe(403)
    expect((await ask(token, 'POST', '/v1/tokens', { name: 'wider' })).body['token']).toMatchObject({ team_id: id })
    await admin('DELETE', `/v1/teams/${id}/members/${mail('ann')}`)
    expect(await eventually(async () => (await ask(token, 'GET', '/v1/tools')).status === 401)).toBeLessThan(2_000)
  })
})

describe('why', () => {
  test('of all roles that would do, made here or built in, the one that permits least is named first', async () => {
    const asked = `/v1/access/explain?permission=teams.create&user=${mail('bob')}`
    const role = { name: 'founder', scope: 'global', permissions: ['teams.create'] }
    expect((await admin('POST', '/v1/rbac/roles', role)).status).toBeLessThan(300)
    await eventually(async () => {
      const { body } = await admin('GET', asked)
      return String(body['would_change']) === 'the role founder in the platform,the role platform_admin in the platform'
    })
  })

  test('the rule that decides, and what would change it', async () => {
    const id = await makeTeam('Why', [{ email: mail('ann') }])
    const made = await admin('POST', '/v1/gateways', { name: 'why', url: upstream, team_id: id, visibility: 'team' })
    const why = (permission: string, user?: string): string =>
      `/v1/access/explain?permission=${permission}&kind=gateway&id=${made.body.id}${user ? `&user=${mail(user)}` : ''}`
    await eventually(async () => (await as('ann', 'GET', why('gateways.read'))).status === 200)
    expect((await admin('GET', why('gateways.update'))).body).toMatchObject({ allowed: true, rule: 'admin' })
    expect((await admin('GET', why('gateways.read', 'ann'))).body).toMatchObject({
      allowed: true,
      rule: 'platform_viewer',
      roles: expect.arrayContaining(['platform_viewer', `viewer in team ${id}`]),
    })
    expect((await admin('GET', why('gateways.update', 'ann'))).body).toMatchObject({
      allowed: false,
      refusal: 'no_role',
      would_change: expect.arrayContaining([`the role developer in team ${id}`]),
    })
    expect((await admin('GET', why('gateways.read', 'eve'))).body).toMatchObject({
      allowed: false,
      refusal: 'unseen',
      would_change: [`a membership of team ${id}`, 'visibility public'],
    })
    // Asking is no way around: what one does not see is absent here, too, and others are not asked about.
    expect((await as('eve', 'GET', why('gateways.read'))).status).toBe(404)
    expect((await as('ann', 'GET', why('gateways.read', 'bob'))).status).toBe(403)
  })
})

async function rpc(name: string, method: string): Promise<unknown> {
  return (await as(name, 'POST', '/rpc', { jsonrpc: '2.0', id: 1, method, params: {} })).body
}
