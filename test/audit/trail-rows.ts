import { expect } from 'vitest'
import { ADMIN, mail, type Asked, type DryScene } from '../access/dry-run-scene.ts'
import { THINGS } from './trail-things.ts'

/** What a write leaves in the audit log: which record, and what it says at least. */
export interface Leaves {
  readonly action: string
  readonly detail: Readonly<Record<string, unknown>>
  /** How it is asked for, where it cannot be asked what it would do. */
  readonly ask?: (scene: DryScene) => Promise<Omit<Asked, 'status'>>
}

const text: unknown = expect.any(String)
const email: unknown = expect.stringMatching(/^thing\d+@example\.com$/)
const someone = { email, userId: text }
const password = 'a long enough passphrase'

const userPath = (who: string): string => `/v1/auth/email/admin/users/${mail(who)}`
const withPassword = async (scene: DryScene): Promise<string> => {
  const name = scene.name()
  await scene.admin('POST', '/v1/auth/email/admin/users', {
    email: mail(name),
    password,
    password_change_required: true,
  })
  return mail(name)
}
const ended = { email, changes: { member: ['member', null] }, was: { isOwner: false, roles: [] } }
const asker = async (scene: DryScene): Promise<{ team: string; who: string; request: string }> => {
  const [who, made] = [
    await scene.person(),
    await scene.admin('POST', '/v1/teams', { name: scene.name(), visibility: 'public' }),
  ]
  const team = String(made['id'])
  const { said } = await scene.ask('POST', { who, path: `/v1/teams/${team}/join`, body: {} })
  return { team, who, request: String(said['id']) }
}

const invited = async (scene: DryScene, who: string) =>
  await scene.admin('POST', `/v1/teams/${await scene.team()}/invitations`, { email: mail(who), role: 'owner' })

const TEAMS: Readonly<Record<string, Leaves>> = {
  'POST /teams': {
    action: 'teams.create',
    detail: {
      name: text,
      visibility: 'private',
      maxMembers: null,
      members: expect.arrayContaining([
        { email, userId: text, isOwner: false },
        { email: ADMIN, userId: text, isOwner: true },
      ]),
    },
    ask: async (scene) => ({
      path: '/v1/teams',
      body: { name: scene.name(), members: [{ email: mail(await scene.person()), role: 'member' }] },
    }),
  },
  'PUT /teams/{id}': {
    action: 'teams.update',
    detail: { name: text, changes: { visibility: ['private', 'public'], maxMembers: [null, 10] } },
    ask: async (scene) => ({
      path: `/v1/teams/${await scene.team()}`,
      body: { visibility: 'public', max_members: 10 },
    }),
  },
  'DELETE /teams/{id}': {
    action: 'teams.delete',
    detail: { name: text, was: { members: [[text, true, ADMIN]], roles: [], tokens: 0 } },
  },
  'POST /teams/{id}/members': {
    action: 'teams.member_add',
    detail: { name: text, ...someone, changes: { member: [null, 'member'] }, was: null },
  },
  'PUT /teams/{id}/members/{email}': {
    action: 'teams.member_update',
    detail: { name: text, ...someone, changes: { member: ['member', 'owner'] } },
  },
  'DELETE /teams/{id}/members/{email}': { action: 'teams.member_remove', detail: { name: text, ...ended } },
  'DELETE /teams/{id}/leave': { action: 'teams.member_remove', detail: { name: text, ...ended } },
  'POST /teams/{id}/invitations': {
    action: 'teams.invite',
    detail: { name: text, invited: [{ email, isOwner: true }] },
    ask: async (scene) => ({
      path: `/v1/teams/${await scene.team()}/invitations`,
      body: { email: mail(scene.name()), role: 'owner' },
    }),
  },
  'POST /teams/invitations/{token}/accept': {
    action: 'teams.invitation_accept',
    detail: { name: text, ...someone, isOwner: true },
    ask: async (scene) => {
      const who = await scene.person()
      return { who, path: `/v1/teams/invitations/${String((await invited(scene, who))['token'])}/accept` }
    },
  },
  'DELETE /teams/invitations/{invitation_id}': {
    action: 'teams.invitation_cancel',
    detail: { name: text, email, isOwner: true },
    ask: async (scene) => ({
      path: `/v1/teams/invitations/${String((await invited(scene, scene.name()))['id'])}`,
    }),
  },
  'POST /teams/{id}/join': {
    action: 'teams.join_ask',
    detail: { name: text, ...someone },
    ask: async (scene) => {
      const { id } = await scene.admin('POST', '/v1/teams', { name: scene.name(), visibility: 'public' })
      return { who: await scene.person(), path: `/v1/teams/${String(id)}/join`, body: {} }
    },
  },
  'POST /teams/{id}/join-requests/{request_id}/approve': {
    action: 'teams.join_approve',
    detail: { name: text, ...someone, isOwner: false },
    ask: async (scene) => {
      const { team, request } = await asker(scene)
      return { path: `/v1/teams/${team}/join-requests/${request}/approve` }
    },
  },
  'DELETE /teams/{id}/join-requests/{request_id}': {
    action: 'teams.join_reject',
    detail: { name: text, ...someone },
    ask: async (scene) => {
      const { team, request } = await asker(scene)
      return { path: `/v1/teams/${team}/join-requests/${request}` }
    },
  },
}

const disabled = { email, changes: { enabled: [true, false] }, was: { enabled: true, admin: null } }
const narrowed = { changes: { permissions: [null, ['tools.read', 'servers.use']] } }
const began = { email, session: text, provider: 'local' }

const PEOPLE: Readonly<Record<string, Leaves>> = {
  'POST /auth/email/admin/users': {
    action: 'users.create',
    detail: { email, fullName: 'Ann', isAdmin: true, enabled: true, password: 'set', mustChangePassword: true },
    ask: async ({ name }) => ({
      path: '/v1/auth/email/admin/users',
      body: { email: mail(name()), full_name: 'Ann', password, is_admin: true, password_change_required: true },
    }),
  },
  'PATCH /auth/email/admin/users/{email}': {
    action: 'users.update',
    detail: {
      email,
      changes: { fullName: [null, 'Ann'], isAdmin: [false, true], mustChangePassword: [true, false] },
    },
    ask: async (scene) => ({
      path: `/v1/auth/email/admin/users/${await withPassword(scene)}`,
      body: { full_name: 'Ann', is_admin: true, password_change_required: false },
    }),
  },
  'PUT /auth/email/admin/users/{email}': { action: 'users.update', detail: disabled },
  'DELETE /auth/email/admin/users/{email}': { action: 'users.delete', detail: { email, was: { enabled: true } } },
  'POST /auth/email/admin/users/{email}/reset-password': {
    action: 'password.reset',
    detail: { email, expiresAt: text },
    ask: async (scene) => ({ path: `${userPath(await scene.person())}/reset-password`, body: {} }),
  },
  'POST /auth/email/admin/users/{email}/unlock': {
    action: 'users.unlock',
    detail: { email },
    ask: async (scene) => ({ path: `${userPath(await scene.person())}/unlock` }),
  },
  'POST /auth/email/reset-password': {
    action: 'password.choose',
    detail: { email },
    ask: async (scene) => {
      const made = await scene.admin('POST', `${userPath(await scene.person())}/reset-password`, {})
      return {
        path: '/v1/auth/email/reset-password',
        body: { reset_code: String(made['reset_code']), new_password: password },
      }
    },
  },
  'POST /auth/login': {
    action: 'session.begin',
    detail: began,
    ask: async (scene) => ({ path: '/v1/auth/login', body: { email: await withoutDuty(scene), password } }),
  },
  'POST /auth/email/login': {
    action: 'session.begin',
    detail: began,
    ask: async (scene) => ({ path: '/v1/auth/email/login', body: { email: await withoutDuty(scene), password } }),
  },
  'POST /auth/email/change-password': {
    action: 'password.change',
    detail: { email },
    ask: async (scene) => ({
      path: '/v1/auth/email/change-password',
      body: { email: await withPassword(scene), old_password: password, new_password: `${password} too` },
    }),
  },
  'POST /rbac/roles': {
    action: 'roles.create',
    detail: { name: text, scope: 'platform', permissions: ['tools.read'] },
    ask: async ({ name }) => ({
      path: '/v1/rbac/roles',
      body: { name: name(), scope: 'global', permissions: ['tools.read'] },
    }),
  },
  'PUT /rbac/roles/{id}': {
    action: 'roles.update',
    detail: { name: text, changes: { permissions: [[], ['tools.read']] }, was: { permissions: [] } },
  },
  'DELETE /rbac/roles/{id}': { action: 'roles.delete', detail: { name: text, was: { permissions: [], holders: [] } } },
  'POST /rbac/users/{email}/roles': {
    action: 'roles.assign',
    detail: { name: text, ...someone, team: null, teamId: null, expiresAt: null, was: null },
  },
  'DELETE /rbac/users/{email}/roles/{role_id}': {
    action: 'roles.revoke',
    detail: { name: 'platform_viewer', ...someone, team: null, was: [null] },
  },
  'POST /tokens': { action: 'tokens.create', detail: { name: text, user: ADMIN, permissions: ['*'] } },
  'POST /tokens/teams/{team_id}': { action: 'tokens.create', detail: { name: text, user: ADMIN, teamId: text } },
  'PUT /tokens/{id}': { action: 'tokens.update', detail: { name: text, user: ADMIN, ...narrowed } },
  'DELETE /tokens/{id}': { action: 'tokens.revoke', detail: { name: text, user: ADMIN } },
  'DELETE /tokens/admin/{id}': { action: 'tokens.revoke', detail: { name: text, user: ADMIN } },
}

/** Somebody who may sign in at once. */
async function withoutDuty(scene: DryScene): Promise<string> {
  const address = mail(scene.name())
  const body = { email: address, password, password_change_required: false }
  await scene.admin('POST', '/v1/auth/email/admin/users', body)
  return address
}

export const LEAVES: Readonly<Record<string, Leaves>> = { ...THINGS, ...TEAMS, ...PEOPLE }

/** Routes that are no administrative writes of their own, and why. */
export const NO_RECORD: Readonly<Record<string, string>> = {
  'POST /gateways/{id}/test': 'asks a server and keeps nothing',
  'POST /tools/{id}/call': 'a call is a usage record',
  'POST /prompts/{id}': 'a call is a usage record',
  'POST /resources/subscribe': 'listens',
  'POST /rbac/permissions/check': 'a question',
  'POST /export/selective': 'reads',
  'POST /declared': 'each step is a write of the routes above, through the same stores',
  'POST /import': 'each entity goes through the routes above',
  'POST /import/cleanup': 'forgets how imports went',
  'POST /metrics/reset': 'counters are nobody’s access; who, of what and when is recorded, and there is no more to it',
  'POST /auth/email/register': 'closed unless it is set; the write is that of POST /auth/email/admin/users',
  'POST /auth/email/forgot-password': 'says who helps, and changes nothing',
  'POST /auth/sso/consent': 'leads to the provider',
  'DELETE /auth/identities/{id}': 'takes a provider, which test/sign-in has',
  'DELETE /auth/email/admin/users/{email}/identities/{id}': 'takes a provider, which test/sign-in has',
  'POST /auth/sso/token': 'redeems a sign-in, whose records test/sign-in compares',
  'POST /auth/logout': 'ends the session of whoever asks, which stands in its record',
  'POST /auth/refresh': 'prolongs a session',
}
