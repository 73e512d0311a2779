import {
  PLATFORM_ADMIN_ROLE,
  type RoleId,
  type ServerId,
  type TeamId,
  type TokenId,
  type UserId,
} from '#/access/ids.ts'
import type { Permission } from '#/access/permissions.ts'
import { roleOf, type RoleScope } from '#/access/roles.ts'
import type { Assignment, KnownUser, Membership } from '#/access/standing.ts'
import { emailKey } from '#/lib/email-key.ts'
import { UNSAID, wasIn, type Detail, type Rewind, type Undo } from './rewind.ts'

type AssignmentJson = readonly [roleId: string, teamId: string | null, expiresAt: string | null]

const until = (at: string | null): number | null => (at === null ? null : Date.parse(at))
const assignment = ([roleId, teamId, expiresAt]: AssignmentJson): Assignment => ({
  roleId: roleId as RoleId,
  teamId: teamId as TeamId | null,
  expiresAt: until(expiresAt),
})
const membership = (teamId: string, isOwner: boolean): Membership => ({ teamId: teamId as TeamId, isOwner })

const isOf =
  (roleId: string, teamId: string | null) =>
  (one: Assignment): boolean =>
    one.roleId === roleId && one.teamId === teamId

function withUser(state: Rewind, id: string, change: (user: KnownUser) => Partial<KnownUser>): void {
  const user = state.user(id)
  if (user !== null) state.users.set(id, { ...user, ...change(user) })
}

const updateUser: Undo = (state, record, detail) => {
  const was = wasIn(detail)
  if (was === undefined) return state.unclear(record, UNSAID)
  const admin = was['admin'] as readonly [string | null] | null
  withUser(state, record.targetId, ({ assignments }) => {
    const others = assignments.filter((one) => !isOf(PLATFORM_ADMIN_ROLE, null)(one))
    const held = admin === null ? [] : [assignment([PLATFORM_ADMIN_ROLE, null, admin[0]])]
    return { enabled: was['enabled'] === true, assignments: [...others, ...held] }
  })
}

const deleteUser: Undo = (state, record, detail) => {
  const was = wasIn(detail)
  if (was === undefined) return state.unclear(record, UNSAID)
  state.users.set(record.targetId, {
    id: record.targetId as UserId,
    email: String(detail['email']),
    enabled: was['enabled'] === true,
    memberships: (was['memberships'] as [string, boolean][]).map(([team, isOwner]) => membership(team, isOwner)),
    assignments: (was['assignments'] as AssignmentJson[]).map(assignment),
  })
  const owned = was['owned'] as readonly string[] | undefined
  if (owned === undefined) state.unclear(record, 'what was its own is not recorded')
  if (was['moreOwned'] === true) state.unclear(record, 'only some of what was its own is recorded')
  for (const id of owned ?? []) giveBack(state, id, record.targetId as UserId)
}

function giveBack(state: Rewind, id: string, ownerId: UserId): void {
  const [gateway, item, server] = [state.gateway(id), state.item(id), state.server(id)]
  if (gateway !== null) state.gateways.set(id, { ...gateway, ownerId })
  if (item !== null) state.items.set(id, { ...item, ownerId })
  if (server !== null) state.servers.set(id, { ...server, ownerId })
}

/** A membership as it was before; null: there was none. */
const changeMember: Undo = (state, record, detail) => {
  const was = detail['was'] as
    { readonly isOwner: boolean; readonly roles?: [string, string | null][] } | null | undefined
  const team = record.targetId
  const said = detail['userId'] as string | undefined
  const id = said ?? state.snapshot.userByEmail(emailKey(String(detail['email']))) ?? ''
  if (was === undefined && !JOINED.has(record.action)) return state.unclear(record, UNSAID)
  withUser(state, id, ({ memberships, assignments }) => {
    const others = memberships.filter(({ teamId }) => teamId !== team)
    if (!was) return { memberships: others }
    const elsewhere = assignments.filter(({ teamId }) => teamId !== team)
    const held = (was.roles ?? []).map(([roleId, expiresAt]) => assignment([roleId, team, expiresAt]))
    return { memberships: [...others, membership(team, was.isOwner)], assignments: [...elsewhere, ...held] }
  })
}

const JOINED = new Set(['teams.member_add', 'teams.invitation_accept', 'teams.join_approve'])

const deleteTeam: Undo = (state, record, detail) => {
  const was = wasIn(detail)
  const { targetId: team } = record
  state.teams.set(team, true)
  if (was === undefined) return state.unclear(record, UNSAID)
  if (was['more'] === true) state.unclear(record, 'only some of its members are recorded')
  if (was['tokens'] !== 0)
    state.unclear(record, 'tokens that were narrowed to it ended with it: which they were is not recorded')
  for (const [user, isOwner] of was['members'] as readonly [string, boolean][])
    withUser(state, user, ({ memberships }) => ({ memberships: [...memberships, membership(team, isOwner)] }))
  for (const [user, role, expiresAt] of was['roles'] as readonly [string, string, string | null][])
    withUser(state, user, ({ assignments }) => ({
      assignments: [...assignments, assignment([role, team, expiresAt])],
    }))
}

const updateRole: Undo = (state, record, detail) => {
  const was = wasIn(detail)
  const role = state.role(record.targetId)
  if (was === undefined) return state.unclear(record, UNSAID)
  if (role !== null) state.roles.set(record.targetId, roleOf({ ...role, permissions: was['permissions'] as string[] }))
}

const deleteRole: Undo = (state, record, detail) => {
  const was = wasIn(detail)
  if (was === undefined) return state.unclear(record, UNSAID)
  if (was['more'] === true) state.unclear(record, 'only some of those who held it are recorded')
  const { targetId: id } = record
  const stored = { name: String(detail['name']), scope: was['scope'] as RoleScope, permissions: was['permissions'] }
  state.roles.set(id, roleOf({ ...stored, id: id as RoleId, permissions: stored.permissions as string[] }))
  for (const [user, team, expiresAt] of was['holders'] as readonly AssignmentJson[])
    withUser(state, user, ({ assignments }) => ({ assignments: [...assignments, assignment([id, team, expiresAt])] }))
}

/** A role that was given or taken; null: it was not held before. */
const changeHolder: Undo = (state, record, detail) => {
  const was = detail['was'] as readonly [string | null] | null | undefined
  const { targetId: role } = record
  const team = detail['teamId'] as string | null
  if (was === undefined) return state.unclear(record, UNSAID)
  withUser(state, String(detail['userId']), ({ assignments }) => {
    const others = assignments.filter((one) => !isOf(role, team)(one))
    return { assignments: was === null ? others : [...others, assignment([role, team, was[0]])] }
  })
}

const changeToken: Undo = (state, record, detail) => {
  const was = wasIn(detail)
  if (was === undefined) return state.unclear(record, UNSAID)
  state.tokens.set(record.targetId, was['isActive'] === true ? tokenIn(record.targetId, was) : null)
}

/** What only narrows by address, hour or count is not compared. */
function tokenIn(id: string, was: Detail) {
  return {
    id: id as TokenId,
    userId: was['userId'] as UserId,
    teamId: was['teamId'] as TeamId | null,
    serverId: was['serverId'] as ServerId | null,
    permissions: was['permissions'] as readonly Permission[] | null,
    expiresAt: until(was['expiresAt'] as string | null),
    limits: null,
  }
}

/** What groups of an identity provider bring, and take with them. */
const byGroups: Undo = (state, record, { recorded, made, gained, lost }) => {
  // What it changed has records of its own.
  if (recorded === true) return
  const roles = [gained, lost].flatMap((names) => (names ?? []) as readonly string[])
  if (made === true) state.users.set(record.targetId, null)
  else if (roles.length > 0) state.unclear(record, `the groups of an identity provider changed ${roles.join(', ')}`)
}

/** By the action of the record. */
export const PEOPLE: Readonly<Record<string, Undo>> = {
  'users.create': (state, { targetId }) => void state.users.set(targetId, null),
  'users.update': updateUser,
  'users.delete': deleteUser,
  'session.begin': byGroups,
  'identity.unlink': byGroups,
  'administrator.ensure': (state, record, detail) => {
    if (detail['user'] === true) state.unclear(record, 'the administrator was made, or let in again, by a start')
  },
  'teams.create': (state, { targetId }) => void state.teams.set(targetId, false),
  'teams.delete': deleteTeam,
  'teams.member_add': changeMember,
  'teams.member_update': changeMember,
  'teams.member_remove': changeMember,
  'teams.invitation_accept': changeMember,
  'teams.join_approve': changeMember,
  'roles.create': (state, { targetId }) => void state.roles.set(targetId, null),
  'roles.update': updateRole,
  'roles.delete': deleteRole,
  'roles.assign': changeHolder,
  'roles.revoke': changeHolder,
  'tokens.create': (state, { targetId }) => void state.tokens.set(targetId, null),
  'tokens.update': changeToken,
  'tokens.revoke': changeToken,
}
