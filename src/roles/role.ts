import type { AssignmentId, RoleId, TeamId, UserId } from '#/access/ids.ts'
import type { StoredRole } from '#/access/roles.ts'
import type { Actor, Changed, WriteTo } from '#/api/actor.ts'
import type { Snapshot } from '#/catalog/snapshot.ts'

/** A role as it is stored. Times are ISO 8601 with microseconds. */
export interface RoleRow extends StoredRole {
  readonly description: string | null
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly createdBy: string | null
}

export interface RoleDeclaration {
  readonly name: string
  readonly description: string | null
  readonly scope: StoredRole['scope']
  readonly permissions: readonly string[]
}

export interface AssignmentRow {
  readonly id: AssignmentId
  readonly userId: UserId
  readonly email: string
  readonly role: StoredRole
  readonly teamId: TeamId | null
  readonly grantedBy: string | null
  readonly grantedAt: string
  readonly expiresAt: string | null
}

export interface NewAssignment {
  readonly userId: UserId
  readonly roleId: RoleId
  readonly teamId: TeamId | null
  readonly expiresAt: string | null
}

export interface RoleStore {
  all(): Promise<readonly RoleRow[]>
  byId(id: RoleId): Promise<RoleRow | undefined>
  /** Throws `conflict` where the name is taken. */
  create(id: RoleId, role: RoleDeclaration, actor: Actor): Promise<Changed>
  update(id: RoleId, role: RoleDeclaration, to: WriteTo): Promise<Changed | undefined>
  remove(id: RoleId, to: WriteTo): Promise<Changed | undefined>
  userId(email: string): Promise<UserId | undefined>
  held(userId: UserId): Promise<readonly AssignmentRow[]>
  /** Makes or changes it. no_member: in a team, roles are for its members. last_admin: nobody would be left when it ends. */
  assign(assignment: NewAssignment, actor: Actor): Promise<Changed | 'no_member' | 'last_admin'>
  /** undefined: it is not held. last_admin: nobody would be left who may do everything. */
  revoke(assignment: Omit<NewAssignment, 'expiresAt'>, actor: Actor): Promise<Changed | 'last_admin' | undefined>
}

export interface RoleDeps {
  readonly store: RoleStore
  /** Takes back what it writes. */
  readonly rehearsal: RoleStore
  readonly snapshot: () => Snapshot
  /** The same with whatever was changed until now. */
  readonly fresh: () => Promise<Snapshot>
  readonly settled: (seq: number | null) => Promise<void>
}
