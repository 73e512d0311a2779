import { Type } from '#/api/type.ts'
import { allow, allowAny } from '#/access/allow.ts'
import { TeamId, type UserId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import { roleOf } from '#/access/roles.ts'
import { actorOf } from '#/api/actor.ts'
import { DryRunQuery, dryRunReply, writerFor } from '#/api/dry-run.ts'
import { endpoint, type Endpoint, type Reply } from '#/api/endpoint.ts'
import { effectsOf } from '#/catalog/effects.ts'
import { knownUser } from '#/catalog/known-user.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { requireNoWider } from './no-wider.ts'
import type { NewAssignment, RoleDeps, RoleRow } from './role.ts'
import { roleFor } from './role-endpoints.ts'
import { AssignmentCreate, AssignmentView, assignmentView, ScopeInput, isAskedFor, ScopeQuery } from './role-view.ts'

const tag = 'roles'
const UserParams = Type.Object({ email: Type.String({ description: 'The e-mail address, percent-encoded' }) })

/** Who holds which role where. */
export function assignmentEndpoints(deps: RoleDeps): readonly Endpoint[] {
  return [...reading(deps), ...writing(deps)]
}

function reading({ store }: RoleDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /rbac/users/{email}/roles',
      permission: 'admin.user_management',
      tag,
      summary: 'Roles that a user holds, memberships aside',
      params: UserParams,
      query: Type.Object({
        scope: Type.Optional(ScopeQuery),
        active_only: Type.Optional(Type.Boolean({ description: 'Without those that are over' })),
      }),
      reply: Type.Array(AssignmentView),
      handle: async ({ params, query: { scope, active_only: activeOnly = false } }) => {
        const userId = await store.userId(params.email)
        if (userId === undefined) throw noUser()
        const rows = (await store.held(userId)).filter(({ role }) => isAskedFor(role.scope, scope))
        return { body: rows.map(assignmentView).filter((one) => !activeOnly || one['is_active'] === true) }
      },
    }),
    endpoint({
      route: 'GET /rbac/my/roles',
      permission: 'access.read',
      tag,
      summary: 'Roles that you hold, memberships aside',
      reply: Type.Array(AssignmentView),
      handle: async ({ principal }) => ({ body: (await store.held(principal.userId)).map(assignmentView) }),
    }),
  ]
}

function writing(deps: RoleDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'POST /rbac/users/{email}/roles',
      permission: 'teams.manage_members',
      tag,
      summary: 'Give a user a role',
      description: 'In the platform for those who look after users, in a team for those who look after its members.',
      params: UserParams,
      query: Type.Object(DryRunQuery),
      body: AssignmentCreate,
      reply: AssignmentView,
      handle: async ({ params, query, body, principal, request }) => {
        const { role, teamId, userId } = await asked(deps, principal, { ...body, email: params.email })
        const expiresAt = expiry(body.expires_at)
        const grant = { userId, roleId: role.id, teamId, expiresAt }
        const made = await writerFor(deps, query).assign(grant, actorOf(principal, request))
        if (made === 'no_member')
          throw new GatewayError('conflict', 'roles in a team are for its members: add the user to the team first')
        if (made === 'last_admin') throw lastAdministrator()
        if (query.dry_run === true) return await supposing(deps, principal, { ...grant, holds: true })
        await deps.settled(made.seq)
        const all = await deps.store.held(userId)
        const row = all.find((each) => each.role.id === role.id && each.teamId === teamId)
        if (row === undefined) throw new GatewayError('not_found', 'the role was taken away meanwhile')
        return { body: assignmentView(row) }
      },
    }),
    endpoint({
      route: 'DELETE /rbac/users/{email}/roles/{role_id}',
      permission: 'teams.manage_members',
      tag,
      summary: 'Take a role from a user; it takes effect everywhere within a second',
      params: Type.Object({ ...UserParams.properties, role_id: Type.String({ description: 'Id or name' }) }),
      query: Type.Object({ scope: Type.Optional(ScopeInput), scope_id: Type.Optional(Type.String()), ...DryRunQuery }),
      reply: Type.Object({ message: Type.String() }),
      handle: async ({ params, query, principal, request }) => {
        const scope = query.scope ?? (query.scope_id === undefined ? 'global' : 'team')
        const wanted = { role_id: params.role_id, scope, scope_id: query.scope_id ?? null, email: params.email }
        const { role, teamId, userId } = await asked(deps, principal, wanted)
        const held = { userId, roleId: role.id, teamId }
        const gone = await writerFor(deps, query).revoke(held, actorOf(principal, request))
        if (gone === undefined) throw new GatewayError('not_found', 'the user does not hold this role there')
        if (gone === 'last_admin') throw lastAdministrator()
        if (query.dry_run === true) return await supposing(deps, principal, { ...held, expiresAt: null, holds: false })
        await deps.settled(gone.seq)
        return { body: { message: `${params.email} no longer holds ${role.name}` } }
      },
    }),
  ]
}

function lastAdministrator(): GatewayError {
  return new GatewayError('conflict', 'nobody would be left who may do everything: make another one first')
}

interface Supposing extends NewAssignment {
  readonly holds: boolean
}

/** What it would change that a user holds a role there, or does not. A role in a team counts for its members. */
async function supposing(
  { fresh }: RoleDeps,
  asking: Principal,
  { userId, roleId, teamId, expiresAt, holds }: Supposing,
): Promise<Reply> {
  const now = await fresh()
  const user = knownUser(now, { id: userId })
  const others = user.assignments.filter((each) => each.roleId !== roleId || each.teamId !== teamId)
  const granted = { roleId, teamId, expiresAt: expiresAt === null ? null : Date.parse(expiresAt) }
  const to = { ...user, assignments: holds ? [...others, granted] : others }
  return dryRunReply(await effectsOf(now, { after: { users: new Map([[userId, to]]) }, asking }))
}

interface Asked {
  readonly role: RoleRow
  readonly teamId: TeamId | null
  readonly userId: UserId
}

/** What is to be given or taken, where the principal may give or take it. */
async function asked(
  deps: RoleDeps,
  principal: Principal,
  wanted: Pick<AssignmentCreate, 'role_id' | 'scope' | 'scope_id'> & { readonly email: string },
): Promise<Asked> {
  const teamId = wanted.scope === 'team' ? teamOf(wanted.scope_id) : null
  if (teamId === null) allowAny(principal, 'admin.user_management')
  else allow(principal, 'teams.manage_members', { ownerId: null, teamId, visibility: 'team' })
  const role = await roleFor(deps, wanted.role_id)
  if ((role.scope === 'team') !== (teamId !== null))
    throw invalid('scope', `${role.name} is held in ${role.scope === 'team' ? 'a team' : 'the platform'}`)
  requireNoWider(principal, roleOf(role).permissions, teamId)
  const userId = await deps.store.userId(wanted.email)
  if (userId === undefined) throw noUser()
  return { role, teamId, userId }
}

function teamOf(given: string | null | undefined): TeamId {
  if (!TeamId.is(given)) throw invalid('scope_id', 'say the id of the team')
  return given
}

function expiry(given: string | null | undefined): string | null {
  if (given === null || given === undefined) return null
  const at = Date.parse(given)
  if (!(at > Date.now())) throw invalid('expires_at', 'must be a time to come, such as 2030-01-31T00:00:00Z')
  return new Date(at).toISOString()
}

function noUser(): GatewayError {
  return new GatewayError('not_found', 'User not found', { field: 'email' })
}

function invalid(field: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `${field}: ${why}`, { field })
}
