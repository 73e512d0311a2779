import type { RoleId, TeamId, UserId } from './ids.ts'
import { BUILT_IN_ROLES, PLATFORM_ADMIN, TEAM_ADMIN, TEAM_VIEWER, type Role } from './roles.ts'

/** A membership of a team that several people may share. */
export interface Membership {
  readonly teamId: TeamId
  readonly isOwner: boolean
}

/** A role that was granted; teamId null: in the platform. Times in ms since the epoch, null: for good. */
export interface Assignment {
  readonly roleId: RoleId
  readonly teamId: TeamId | null
  readonly expiresAt: number | null
}

/** A user as far as access is concerned. Immutable: a changed user is another object. */
export interface KnownUser {
  readonly id: UserId
  readonly email: string
  readonly enabled: boolean
  readonly memberships: readonly Membership[]
  readonly assignments: readonly Assignment[]
}

/** Teams and roles that there are. The personal ones are not asked for. */
export interface Orders {
  hasTeam(id: TeamId): boolean
  role(id: RoleId): Role | undefined
}

/** One role that somebody holds, and how records and explanations call it. */
export interface Held {
  readonly role: Role
  readonly rule: string
}

/** Everything that a user's roles amount to at one moment. */
export interface Standing {
  /** The role that sees everything. */
  readonly isAdmin: boolean
  /** Its own among them. */
  readonly teams: readonly TeamId[]
  readonly platform: readonly Held[]
  readonly byTeam: ReadonlyMap<TeamId, readonly Held[]>
  /** When the first of these roles ends, in ms since the epoch; Infinity: none does. */
  readonly until: number
}

/** The team that is a user's alone. */
export function personalTeam(userId: UserId): TeamId {
  return userId as string as TeamId
}

/**
 * What a user's memberships and assignments amount to. A role counts in its own kind of scope only, and in a team only for its
 * members: who leaves a team leaves every role in it behind.
 */
export function standingOf(user: KnownUser, orders: Orders, now: number): Standing {
  const own = personalTeam(user.id)
  const byTeam = new Map<TeamId, Held[]>([[own, [held(TEAM_ADMIN, own)]]])
  for (const { teamId, isOwner } of user.memberships) {
    if (orders.hasTeam(teamId)) byTeam.set(teamId, [held(isOwner ? TEAM_ADMIN : TEAM_VIEWER, teamId)])
  }
  const platform: Held[] = []
  let until = Infinity
  for (const { roleId, teamId, expiresAt } of user.assignments) {
    const role = orders.role(roleId)
    const scope = teamId === null ? platform : byTeam.get(teamId)
    const isOver = expiresAt !== null && expiresAt <= now
    if (role === undefined || scope === undefined || isOver || (role.scope === 'platform') !== (teamId === null))
      continue
    scope.push(held(role, teamId))
    if (expiresAt !== null && expiresAt < until) until = expiresAt
  }
  const isAdmin = platform.some(({ role }) => role === PLATFORM_ADMIN)
  return { isAdmin, teams: [...byTeam.keys()], platform, byTeam, until }
}

function held(role: Role, teamId: TeamId | null): Held {
  if (role === PLATFORM_ADMIN) return ADMIN
  return { role, rule: teamId === null ? role.name : `${role.name} in team ${teamId}` }
}

/** Where nobody has made a team or a role. */
export const BUILT_IN_ORDERS: Orders = { hasTeam: () => false, role: (id) => BUILT_IN_ROLES.get(id) }

/** Of an administrator with no team but its own. */
export function administratorStanding(user: Pick<KnownUser, 'id' | 'email'>): Standing {
  const assignments = [{ roleId: PLATFORM_ADMIN.id, teamId: null, expiresAt: null }]
  return standingOf({ ...user, enabled: true, memberships: [], assignments }, BUILT_IN_ORDERS, 0)
}

const ADMIN: Held = { role: PLATFORM_ADMIN, rule: 'admin' }
