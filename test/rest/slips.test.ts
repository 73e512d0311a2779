import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { strictEdge } from '#/api/strict-edge.ts'
import { lenientEdge } from '#/lenience/lenient-edge.ts'
import { restHarness, type RestHarness } from './harness.ts'

// A restriction under a name that nobody knows would not be enforced: it is refused, also where others' forms are understood.

let rest: RestHarness
let team = ''
beforeAll(async () => {
  rest = await restHarness()
  expect((await rest.ask('POST', USERS, { body: { email: 'ann@example.com' } })).status).toBe(201)
  team = (await rest.ask('POST', '/teams', { body: { name: 'payments' } })).body.id
  const role = { name: 'looker', scope: 'global', permissions: ['tools.read'] }
  expect((await rest.ask('POST', '/rbac/roles', { body: role })).status).toBe(200)
})
afterAll(async () => await rest[Symbol.asyncDispose]())

const USERS = '/auth/email/admin/users'
const ANN = `${USERS}/ann@example.com`
const ROLES = '/rbac/users/ann@example.com/roles'
const url = 'http://127.0.0.1:9/'

const SLIPS: readonly (readonly [string, string, object, field: string, meant: string | RegExp])[] = [
  ['PATCH', ANN, { is_actve: false }, 'is_actve', 'is_active'],
  ['PUT', ANN, { isAdmn: false }, 'isAdmn', 'is_admin'],
  ['POST', USERS, { email: 'x@example.com', isactve: false }, 'isactve', 'is_active'],
  ['PUT', '/teams/TEAM', { visibilty: 'private' }, 'visibilty', 'visibility'],
  ['POST', '/teams', { name: 'n', max_member: 2 }, 'max_member', 'max_members'],
  ['POST', '/teams', { name: 'n', members: [{ email: 'ann@example.com', rol: 'owner' }] }, 'members.0.rol', 'role'],
  ['POST', '/teams/TEAM/members', { email: 'ann@example.com', roles: 'owner' }, 'roles', 'role'],
  ['POST', '/teams/TEAM/invitations', { email: 'x@example.com', owner: true }, 'owner', /there are email, role$/],
  ['PUT', '/rbac/roles/looker', { permision: ['tools.update'] }, 'permision', 'permissions'],
  ['PUT', '/rbac/roles/looker', { scope: 'team' }, 'scope', /it is global\. Make another role/],
  ['PUT', '/rbac/roles/looker', { effective_permissions: [] }, 'effective_permissions', /they follow from permissions/],
  ['PUT', ANN, { email: 'bob@example.com' }, 'email', /it is ann@example\.com\. Make another user/],
  ['PATCH', ANN, { kind: 'service' }, 'kind', /it is a person\. Make another user/],
  [
    'POST',
    '/rbac/roles',
    { name: 'r', scope: 'team', permissions: [], inherits_from: 'viewer' },
    'inherits_from',
    /roles do not inherit here/,
  ],
  ['POST', ROLES, { role_id: 'looker', scope: 'global', expires: '2030-01-31T00:00:00Z' }, 'expires', 'expires_at'],
  ['POST', '/tokens', { name: 't', scope: { permission: ['tools.read'] } }, 'scope.permission', 'permissions'],
  ['POST', '/gateways', { name: 'g', url, visibillity: 'private' }, 'visibillity', 'visibility'],
  ['POST', '/servers', { server: { name: 's', visiblity: 'private' } }, 'visiblity', 'visibility'],
  ['POST', '/tools', { tool: { name: 't', url }, visibilitty: 'private' }, 'visibilitty', 'visibility'],
  ['POST', '/prompts', { name: 'p', template: 'x', Visibillity: 'private' }, 'Visibillity', 'visibility'],
  ['POST', '/resources', { uri: 'a://b', name: 'r', content: 'x', 'team-id': 'x' }, 'team-id', 'teamId'],
  ['POST', '/tools', { name: 't', url, team: 'payments' }, 'team', 'teamId'],
  ['POST', '/import', { import_data: {}, dryrun: true }, 'dryrun', 'dry_run'],
  ['PATCH', `${ANN}?dry_rnu=true`, { is_active: false }, 'dry_rnu', 'dry_run'],
  ['POST', '/rbac/roles?dryrun=true', { name: 'r', scope: 'team', permissions: [] }, 'dryrun', 'dry_run'],
  ['DELETE', `${ROLES}/platform_viewer?scop=team`, {}, 'scop', 'scope'],
]

test.each(SLIPS)('%s %s %j is refused, and changes nothing', async (method, path, body, field, meant) => {
  const before = await rest.counts()
  const answer = await rest.ask(method, path.replace('TEAM', team), { body })
  const words = typeof meant === 'string' ? new RegExp(`did you mean ${meant}\\?$`) : meant
  expect([answer.status, answer.body.field, answer.body.detail]).toEqual([422, field, expect.stringMatching(words)])
  expect(await rest.counts()).toEqual(before)
})

test('all of several slips are told at once', async () => {
  const { body } = await rest.ask('PATCH', ANN, { body: { is_actve: false, is_admn: false } })
  expect(body.errors).toMatchObject([{ field: 'is_actve' }, { field: 'is_admn' }])
})

describe('what others send and asks for nothing of access is understood', () => {
  const routed = (route: string) => rest.endpoints.find((one) => one.route === route)!

  test.each(['gateways', 'servers', 'tools', 'prompts', 'resources'])(
    'an entity of %s as it was read',
    async (noun) => {
      // Both the names that are known here and those that are not.
      const entity = { ...VIEW, created_by: 'x', owner_email: 'x', auth_value: 'x', is_active: true, slug: 's' }
      for (const route of [`POST /${noun}`, `PUT /${noun}/{id}`])
        expect(() => lenientEdge.body(routed(route), entity)).not.toThrow()
      expect(() => strictEdge.body(routed(`POST /${noun}`), entity)).toThrow(/is not known in the body/)
    },
  )

  test('a user, a role, and a time against caches', async () => {
    const user = await rest.ask('PATCH', ANN, { body: { full_name: 'Ann', email_verified: true } })
    expect([user.status, user.body.full_name]).toEqual([200, 'Ann'])
    const role = {
      name: 'other',
      scope: 'team',
      permissions: ['tools.read'],
      inherits_from: null,
      is_system_role: false,
    }
    expect((await rest.ask('POST', '/rbac/roles', { body: role })).status).toBe(200)
    expect((await rest.ask('GET', '/teams?_=1&visibilty=public')).status).toBe(200)
    expect((await rest.ask('PUT', `/teams/${team}`, { body: { max_members: 7, owner_email: null } })).status).toBe(200)
  })

  test('a user and a role that were read, changed and written back', async () => {
    for (const method of ['PUT', 'PATCH']) {
      const { body: read } = await rest.ask('GET', ANN)
      const written = await rest.ask(method, ANN, { body: { ...read, full_name: `Ann by ${method}` } })
      expect([written.status, written.body]).toMatchObject([
        200,
        { ...read, full_name: `Ann by ${method}`, version: read.version + 1 },
      ])
    }
    const { body: read } = await rest.ask('GET', '/rbac/roles/looker')
    const written = await rest.ask('PUT', '/rbac/roles/looker', { body: { ...read, permissions: ['tags.read'] } })
    expect([written.status, written.body]).toMatchObject([
      200,
      { scope: 'global', effective_permissions: ['tags.read'] },
    ])
    const back = await rest.ask('PUT', '/rbac/roles/looker', { body: { ...read, scope: 'platform' } })
    expect([back.status, back.body.field]).toEqual([422, 'effective_permissions'])
    const { effective_permissions: _stale, ...others } = read
    expect((await rest.ask('PUT', '/rbac/roles/looker', { body: { ...others, scope: 'platform' } })).status).toBe(200)
  })

  test('a team that was read, changed and written back', async () => {
    const { body: read } = await rest.ask('GET', `/teams/${team}`)
    const written = await rest.ask('PUT', `/teams/${team}`, { body: { ...read, max_members: 9 } })
    expect([written.status, written.body]).toMatchObject([200, { max_members: 9 }])
    const closed = await rest.ask('PUT', `/teams/${team}`, { body: { ...read, is_active: false } })
    expect([closed.status, closed.body.field]).toEqual([422, 'is_active'])
  })
})

const VIEW = {
  name: 'n',
  originalName: 'n',
  description: 'd',
  createdAt: '2026-01-01T00:00:00Z',
  enabled: true,
  reachable: true,
  metrics: null,
  version: 3,
  team: 'payments',
  teamId: '0'.repeat(32),
  visibility: 'team',
  federationSource: 'x',
  importBatchId: null,
  baseUrl: null,
}
