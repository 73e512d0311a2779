import { sql } from 'kysely'
import type { RoleId, ServerId, TeamId, TokenId, UserId } from '#/access/ids.ts'
import type { Permission } from '#/access/permissions.ts'
import type { RoleScope, StoredRole } from '#/access/roles.ts'
import type { Assignment, Membership } from '#/access/standing.ts'
import type { TokenLimits } from '#/access/token-limits.ts'
import type { CatalogTeam, CatalogToken, CatalogUser } from '#/catalog/model.ts'
import type { Source } from '#/catalog/reader.ts'
import { PAGE_ROWS, PEOPLE_ROWS, sourceOf, type Asked } from './catalog-page.ts'
import type { Reader } from './store.ts'

type MembershipJson = readonly [teamId: string, isOwner: boolean]
type AssignmentJson = readonly [roleId: string, teamId: string | null, expiresAt: number | null]

/** Most users are in no team and hold what most others hold: they share what says so. */
function sharing<T>(): (made: readonly T[]) => readonly T[] {
  const known = new Map<string, readonly T[]>()
  return (made) => {
    const key = JSON.stringify(made)
    const before = known.get(key)
    if (before !== undefined) return before
    if (known.size < SHARED_MAX) known.set(key, made)
    return made
  }
}

const SHARED_MAX = 10_000

/** Users with their memberships and roles, so that all of it is of one moment. */
export function userSource(reader: Reader): Source<CatalogUser, UserId> {
  const memberships = sharing<Membership>()
  const assignments = sharing<Assignment>()
  const rows = ({ where, order }: Asked) =>
    reader
      .selectFrom('users as u')
      .select(['u.id', 'u.email', 'u.enabled'])
      .select([
        sql<
          readonly MembershipJson[] | null
        >`(SELECT json_agg(json_build_array(m.team_id, m.is_owner) ORDER BY m.team_id)
          FROM team_members AS m WHERE m.user_id = u.id)`.as('memberships'),
        sql<readonly AssignmentJson[] | null>`(SELECT json_agg(json_build_array(a.role_id, a.team_id,
          (extract(epoch FROM a.expires_at) * 1000)::bigint) ORDER BY a.role_id, a.team_id)
          FROM role_assignments AS a WHERE a.user_id = u.id)`.as('assignments'),
      ])
      .where(where)
      .$if(order !== null, (q) => q.orderBy(order ?? sql`u.id`).limit(PEOPLE_ROWS))
      .execute()
  type Row = Awaited<ReturnType<typeof rows>>[number]
  const toThing = (row: Row): CatalogUser => ({
    id: row.id as UserId,
    email: row.email,
    enabled: row.enabled,
    memberships: memberships(
      (row.memberships ?? []).map(([teamId, isOwner]) => ({ teamId: teamId as TeamId, isOwner })),
    ),
    assignments: assignments(
      (row.assignments ?? []).map(([roleId, teamId, expiresAt]) => ({
        roleId: roleId as RoleId,
        teamId: teamId as TeamId | null,
        expiresAt,
      })),
    ),
  })
  return sourceOf({ id: 'u.id', rows, toThing, full: PEOPLE_ROWS })
}

/** Teams that people share. */
export function teamSource(reader: Reader): Source<CatalogTeam, TeamId> {
  const rows = ({ where, order }: Asked) =>
    reader
      .selectFrom('teams')
      .select(['id', 'name'])
      .where('personal_of', 'is', null)
      .where(where)
      .$if(order !== null, (q) => q.orderBy(order ?? sql`id`).limit(PAGE_ROWS))
      .execute()
  type Row = Awaited<ReturnType<typeof rows>>[number]
  return sourceOf({ id: 'id', rows, toThing: (row: Row): CatalogTeam => ({ id: row.id as TeamId, name: row.name }) })
}

export function roleSource(reader: Reader): Source<StoredRole, RoleId> {
  const rows = ({ where, order }: Asked) =>
    reader
      .selectFrom('roles')
      .select(['id', 'name', 'scope', 'permissions'])
      .where(where)
      .$if(order !== null, (q) => q.orderBy(order ?? sql`id`).limit(PAGE_ROWS))
      .execute()
  type Row = Awaited<ReturnType<typeof rows>>[number]
  const toThing = ({ id, name, scope, permissions }: Row): StoredRole => ({
    id: id as RoleId,
    name,
    scope: scope as RoleScope,
    permissions: permissions as readonly string[] | null,
  })
  return sourceOf({ id: 'id', rows, toThing })
}

/** Live tokens only: one that was revoked or switched off does not exist here. */
export function tokenSource(reader: Reader): Source<CatalogToken, TokenId> {
  const rows = ({ where, order }: Asked) =>
    reader
      .selectFrom('tokens')
      .select(['id', 'user_id', 'team_id', 'hash', 'permissions', 'server_id', 'expires_at', 'limits'])
      .where('revoked_at', 'is', null)
      .where('is_active', '=', true)
      .where(where)
      .$if(order !== null, (q) => q.orderBy(order ?? sql`id`).limit(PEOPLE_ROWS))
      .execute()
  type Row = Awaited<ReturnType<typeof rows>>[number]
  const toThing = (row: Row): CatalogToken => ({
    id: row.id as TokenId,
    userId: row.user_id as UserId,
    teamId: row.team_id as TeamId | null,
    hash: row.hash.toString('hex'),
    permissions: row.permissions as readonly Permission[] | null,
    serverId: row.server_id as ServerId | null,
    expiresAt: row.expires_at?.getTime() ?? null,
    limits: row.limits as TokenLimits | null,
  })
  return sourceOf({ id: 'id', rows, toThing, full: PEOPLE_ROWS })
}
