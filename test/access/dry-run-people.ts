import { RoleId, TokenId } from '#/access/ids.ts'
import { ADMIN, emailOf, mail, type Asked, type DryScene } from './dry-run-scene.ts'
import { STALE, type Row } from './dry-run-things.ts'

const USERS = '/v1/auth/email/admin/users'
const userPath = (who: string): string => `${USERS}/${emailOf(who)}`

function ofUser(body?: object): Row {
  const asked = async (scene: DryScene, status: number, more: Partial<Asked> = {}): Promise<Asked> => ({
    path: userPath(await scene.person()),
    ...(body && { body }),
    status,
    ...more,
  })
  return {
    valid: (scene) => asked(scene, 200),
    taken: null,
    absent: ({ name }) => ({ path: userPath(name()), ...(body && { body }), status: 404 }),
    forbidden: async (scene) => asked(scene, 403, { who: await scene.person() }),
    bad:
      body === undefined
        ? () => ({ path: userPath(ADMIN), status: 400 })
        : (scene) => asked(scene, 422, { body: { is_active: 'perhaps' } }),
    stale: (scene) => asked(scene, 412, { ifMatch: STALE }),
    others:
      body === undefined
        ? {
            'whose own team has things': async (scene) => {
              const who = await scene.person()
              const { id } = await scene.admin('GET', userPath(who))
              await scene.admin('POST', '/v1/servers', { name: scene.name(), team_id: id, visibility: 'team' })
              return { path: userPath(who), status: 409 }
            },
          }
        : {
            'the last administrator': () => ({ path: userPath(ADMIN), body: { is_admin: false }, status: 409 }),
            'a password that is too short': (scene) => asked(scene, 422, { body: { password: 'short' } }),
          },
  }
}

const rolePath = (id: string): string => `/v1/rbac/roles/${id}`
const role = async (scene: DryScene): Promise<string> =>
  String((await scene.admin('POST', '/v1/rbac/roles', { name: scene.name(), scope: 'global', permissions: [] }))['id'])

function ofRole(body?: object): Row {
  const asked = async (scene: DryScene, status: number, more: Partial<Asked> = {}): Promise<Asked> => ({
    path: rolePath(await role(scene)),
    ...(body && { body }),
    status,
    ...more,
  })
  return {
    valid: (scene) => asked(scene, 200),
    taken: null,
    absent: () => ({ path: rolePath(RoleId.mint()), ...(body && { body }), status: 404 }),
    forbidden: async (scene) => asked(scene, 403, { who: await scene.person() }),
    bad:
      body === undefined
        ? () => ({ path: rolePath('no-such-role'), status: 404 })
        : (scene) => asked(scene, 422, { body: { permissions: ['tools.eat'] } }),
    stale: (scene) => asked(scene, 412, { ifMatch: STALE }),
    others: { 'built in': () => ({ path: rolePath('platform_viewer'), ...(body && { body }), status: 409 }) },
  }
}

const held = (who: string): string => `/v1/rbac/users/${emailOf(who)}/roles`
const VIEWS = { role_id: 'platform_viewer', scope: 'global' }
const CALLS = { role_id: 'viewer', scope: 'team' }

const tokenPath = (id: string): string => `/v1/tokens/${id}`
/** A token of the administrator's, by id. */
const token = async (scene: DryScene): Promise<string> =>
  ((await scene.admin('POST', '/v1/tokens', { name: scene.name() }))['token'] as { readonly id: string }).id

const revoked = async (scene: DryScene): Promise<string> => {
  const id = await token(scene)
  await scene.admin('DELETE', tokenPath(id))
  return id
}

function ofToken(path: (id: string) => string, body?: object): Row {
  const asked = async (scene: DryScene, status: number, more: Partial<Asked> = {}): Promise<Asked> => ({
    path: path(await token(scene)),
    ...(body && { body }),
    status,
    ...more,
  })
  return {
    valid: (scene) => asked(scene, 200),
    taken: null,
    absent: () => ({ path: path(TokenId.mint()), ...(body && { body }), status: 404 }),
    forbidden: async (scene) => asked(scene, path('').includes('admin') ? 403 : 404, { who: await scene.person() }),
    bad: (scene) => asked(scene, 422, { body: { name: 7, reason: 7 } }),
    stale: (scene) => asked(scene, 412, { ifMatch: STALE }),
    others: {
      'that was revoked': async (scene) => ({ path: path(await revoked(scene)), ...(body && { body }), status: 409 }),
    },
  }
}

function ofNewToken(path: (scene: DryScene) => Promise<string>): Row {
  return {
    valid: async (scene) => ({ path: await path(scene), body: { name: scene.name() }, status: 200 }),
    taken: async (scene) => {
      const name = scene.name()
      await scene.admin('POST', '/v1/tokens', { name })
      return { path: await path(scene), body: { name }, status: 409 }
    },
    absent: async (scene) => ({
      path: await path(scene),
      body: { name: scene.name(), user_email: mail(scene.name()) },
      status: 422,
    }),
    forbidden: async (scene) => ({
      who: await scene.person(),
      path: '/v1/tokens',
      body: { name: scene.name(), user_email: ADMIN },
      status: 403,
    }),
    bad: async (scene) => ({
      path: await path(scene),
      body: { name: scene.name(), scope: { permissions: ['tools.eat'] } },
      status: 422,
    }),
    stale: null,
  }
}

/** Every route of people and what they hold that can be asked what it would do. */
export const PEOPLE: Readonly<Record<string, Row>> = {
  'POST /auth/email/admin/users': {
    valid: ({ name }) => ({ path: USERS, body: { email: mail(name()) }, status: 200 }),
    taken: async (scene) => ({ path: USERS, body: { email: mail(await scene.person()) }, status: 409 }),
    absent: null,
    forbidden: async (scene) => ({
      who: await scene.person(),
      path: USERS,
      body: { email: mail(scene.name()) },
      status: 403,
    }),
    bad: ({ name }) => ({ path: USERS, body: { email: mail(name()), password: 'short' }, status: 422 }),
    stale: null,
  },
  'POST /rbac/roles': {
    valid: ({ name }) => ({
      path: '/v1/rbac/roles',
      body: { name: name(), scope: 'team', permissions: ['tools.read'] },
      status: 200,
    }),
    taken: () => ({
      path: '/v1/rbac/roles',
      body: { name: 'viewer', scope: 'team', permissions: [] },
      status: 409,
    }),
    absent: null,
    forbidden: async (scene) => ({
      who: await scene.person(),
      path: '/v1/rbac/roles',
      body: { name: scene.name(), scope: 'team', permissions: [] },
      status: 403,
    }),
    bad: ({ name }) => ({
      path: '/v1/rbac/roles',
      body: { name: name(), scope: 'team', permissions: ['tools.eat'] },
      status: 422,
    }),
    stale: null,
  },
  'PATCH /auth/email/admin/users/{email}': ofUser({ is_active: false }),
  'PUT /auth/email/admin/users/{email}': ofUser({ is_active: false }),
  'DELETE /auth/email/admin/users/{email}': ofUser(),
  'PUT /rbac/roles/{id}': {
    ...ofRole({ permissions: ['tools.read'] }),
    taken: async (scene) => ({ path: rolePath(await role(scene)), body: { name: 'platform_viewer' }, status: 409 }),
  },
  'DELETE /rbac/roles/{id}': ofRole(),
  'POST /rbac/users/{email}/roles': {
    valid: async (scene) => ({
      path: held(await scene.person()),
      body: { ...VIEWS, role_id: await role(scene) },
      status: 200,
    }),
    taken: null,
    absent: ({ name }) => ({ path: held(name()), body: VIEWS, status: 404 }),
    forbidden: async (scene) => {
      const who = await scene.person()
      return { who, path: held(who), body: VIEWS, status: 403 }
    },
    bad: async (scene) => ({
      path: held(await scene.person()),
      body: { ...VIEWS, expires_at: '2001-01-01T00:00:00Z' },
      status: 422,
    }),
    stale: null,
    others: {
      'no member': async (scene) => ({
        path: held(await scene.person()),
        body: { ...CALLS, scope_id: await scene.team() },
        status: 409,
      }),
      'an end of the last administrator': () => ({
        path: held(ADMIN),
        body: { ...VIEWS, role_id: 'platform_admin', expires_at: '2999-01-01T00:00:00Z' },
        status: 409,
      }),
      'no such role': async (scene) => ({
        path: held(await scene.person()),
        body: { ...VIEWS, role_id: 'king' },
        status: 404,
      }),
    },
  },
  'DELETE /rbac/users/{email}/roles/{role_id}': {
    valid: async (scene) => ({ path: `${held(await scene.person())}/platform_viewer`, status: 200 }),
    taken: null,
    absent: async (scene) => ({ path: `${held(await scene.person())}/platform_admin`, status: 404 }),
    forbidden: async (scene) => {
      const who = await scene.person()
      return { who, path: `${held(who)}/platform_viewer`, status: 403 }
    },
    bad: async (scene) => ({ path: `${held(await scene.person())}/platform_viewer?scope=moon`, status: 422 }),
    stale: null,
    others: { 'the last administrator': () => ({ path: `${held(ADMIN)}/platform_admin`, status: 409 }) },
  },
  'POST /tokens': ofNewToken(async () => '/v1/tokens'),
  'POST /tokens/teams/{team_id}': {
    ...ofNewToken(async (scene) => `/v1/tokens/teams/${await scene.team()}`),
    forbidden: async (scene) => ({
      who: await scene.person(),
      path: `/v1/tokens/teams/${await scene.team()}`,
      body: { name: scene.name() },
      status: 404,
    }),
  },
  'PUT /tokens/{id}': {
    ...ofToken(tokenPath, { scope: { permissions: ['tools.read'] } }),
    taken: async (scene) => {
      const name = scene.name()
      await scene.admin('POST', '/v1/tokens', { name })
      return { path: tokenPath(await token(scene)), body: { name }, status: 409 }
    },
  },
  'DELETE /tokens/{id}': ofToken(tokenPath),
  'DELETE /tokens/admin/{id}': ofToken((id) => `/v1/tokens/admin/${id}`),
}
