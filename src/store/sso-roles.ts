import { sql, type RawBuilder } from 'kysely'
import { AssignmentId, PLATFORM_ADMIN_ROLE, type UserId } from '#/access/ids.ts'
import { foldCase } from '#/lib/fold-case.ts'
import type { GroupRole } from '#/users/sso.ts'
import { folded } from './columns.ts'
import { isLastAdministrator } from './people-rows.ts'
import type { WriteTx } from './store.ts'

/** Who gave what a group brings. What people give is theirs, and stays. */
export const BY_GROUPS = 'sso'

/** Roles and memberships as `role`, `role@team` and `@team`. */
export interface Reconciled {
  readonly gained: readonly string[]
  readonly lost: readonly string[]
  /** There is no such role or team, it cannot be held there, or the team is full. */
  readonly skipped: readonly string[]
}

/** One of what was gained or lost; role null: the membership itself. */
export interface GroupChange {
  readonly what: 'gained' | 'lost'
  readonly roleId: string | null
  readonly role: string | null
  readonly teamId: string | null
  readonly team: string | null
  /** Of a role that was lost when it would have ended. */
  readonly until: string | null
}

interface Wanted {
  readonly userId: UserId
  readonly roles: readonly GroupRole[]
  readonly limits: { readonly members: number }
  /** It holds the administrator's role because of a group. */
  readonly isAtStake: boolean
}

/**
 * Makes what the groups of a user bring exactly `roles`. A role in a team comes with its membership. Whoever is left alone as
 * administrator stays one: otherwise nobody could put it right.
 */
export async function reconcile(
  tx: WriteTx,
  { userId, roles, limits, isAtStake }: Wanted,
): Promise<Reconciled & { readonly steps: readonly GroupChange[] }> {
  const staysAdministrator =
    isAtStake &&
    !roles.some(({ role, team }) => foldCase(role) === 'platform_admin' && team === null) &&
    (await isLastAdministrator(tx, userId))
  const { rows } = await sql<Row>`
    WITH asked AS (
        SELECT * FROM unnest(${roles.map(({ role }) => role)}::text[], ${roles.map(({ team }) => team)}::text[],
          ${roles.map(() => AssignmentId.mint())}::text[], ${roles.map(() => AssignmentId.mint())}::text[])
          AS a (role, team, id, member_id)),
      wanted AS (
        SELECT a.*, r.id AS role_id, t.id AS team_id, t.max_members FROM asked AS a
          JOIN roles AS r ON ${folded(sql.ref('r.name'))} = ${folded(sql.ref('a.role'))} AND r.scope = CASE WHEN a.team IS NULL THEN 'platform' ELSE 'team' END
          LEFT JOIN LATERAL (SELECT * FROM teams AS x WHERE (x.slug = a.team OR x.id = a.team) AND x.personal_of IS NULL
             ORDER BY x.id = a.team DESC, x.created_at, x.id LIMIT 1) AS t ON true
         WHERE a.team IS NULL OR t.id IS NOT NULL),
      member AS (SELECT team_id, is_owner, invited_by FROM team_members WHERE user_id = ${userId}),
      joined AS (
        INSERT INTO team_members (id, team_id, user_id, invited_by)
        SELECT DISTINCT ON (w.team_id) w.member_id, w.team_id, ${userId}, ${BY_GROUPS} FROM wanted AS w
         WHERE w.team_id IS NOT NULL AND w.team_id NOT IN (SELECT team_id FROM member)
           AND (SELECT count(*) FROM team_members AS m WHERE m.team_id = w.team_id) < coalesce(w.max_members, ${limits.members})
        ON CONFLICT (team_id, user_id) DO NOTHING RETURNING team_id),
      gone AS (
        DELETE FROM team_members AS m WHERE m.user_id = ${userId} AND m.invited_by = ${BY_GROUPS} AND NOT m.is_owner
           AND NOT EXISTS (SELECT 1 FROM wanted AS w WHERE w.team_id = m.team_id) RETURNING m.team_id),
      held AS (
        SELECT w.* FROM wanted AS w WHERE w.team_id IS NULL OR w.team_id IN (SELECT team_id FROM member)
            OR w.team_id IN (SELECT team_id FROM joined)),
      gained AS (
        INSERT INTO role_assignments (id, user_id, role_id, team_id, granted_by)
        SELECT id, ${userId}, role_id, team_id, ${BY_GROUPS} FROM held
        ON CONFLICT ON CONSTRAINT role_assignments_once DO NOTHING RETURNING role_id, team_id),
      lost AS (
        DELETE FROM role_assignments AS r WHERE r.user_id = ${userId}
           AND (r.team_id IN (SELECT team_id FROM gone) OR (r.granted_by = ${BY_GROUPS} AND NOT EXISTS (
             SELECT 1 FROM held AS h WHERE h.role_id = r.role_id AND h.team_id IS NOT DISTINCT FROM r.team_id)))
           AND NOT (r.role_id = ${PLATFORM_ADMIN_ROLE} AND ${staysAdministrator}::boolean) RETURNING r.role_id, r.team_id, r.expires_at)
    SELECT 'gained' AS what, r.name || coalesce('@' || t.slug, '') AS name, ${step({ role: 'r', team: 't' })} AS step
      FROM gained AS g JOIN roles AS r ON r.id = g.role_id LEFT JOIN teams AS t ON t.id = g.team_id
    UNION ALL SELECT 'gained', '@' || t.slug, ${step({ team: 't' })} FROM joined AS j JOIN teams AS t ON t.id = j.team_id
    UNION ALL SELECT 'lost', r.name || coalesce('@' || t.slug, ''), ${step({ role: 'r', team: 't', until: sql`l.expires_at` })}
      FROM lost AS l JOIN roles AS r ON r.id = l.role_id LEFT JOIN teams AS t ON t.id = l.team_id
    UNION ALL SELECT 'lost', '@' || t.slug, ${step({ team: 't' })} FROM gone AS g JOIN teams AS t ON t.id = g.team_id
    UNION ALL SELECT 'skipped', a.role || coalesce('@' || a.team, ''), NULL FROM asked AS a
      WHERE NOT EXISTS (SELECT 1 FROM held AS h WHERE h.id = a.id)
    ORDER BY 1, 2`.execute(tx.sql)
  const of = (what: Row['what']): readonly string[] => rows.filter((row) => row.what === what).map(({ name }) => name)
  const steps = rows.flatMap(({ what, step: one }) => (what === 'skipped' || one === null ? [] : [{ ...one, what }]))
  return { gained: of('gained'), lost: of('lost'), skipped: of('skipped'), steps }
}

interface Row {
  readonly what: 'gained' | 'lost' | 'skipped'
  readonly name: string
  readonly step: Omit<GroupChange, 'what'> | null
}

interface Step {
  readonly role?: string
  readonly team: string
  readonly until?: RawBuilder<unknown>
}

/** Ids and names, of the tables that are called so in the query. */
function step({ role, team, until = sql`NULL` }: Step): RawBuilder<Row['step']> {
  const of = (table: string | undefined, column: string): RawBuilder<unknown> =>
    table === undefined ? sql`NULL` : sql.ref(`${table}.${column}`)
  return sql`json_build_object('roleId', ${of(role, 'id')}, 'role', ${of(role, 'name')},
    'teamId', ${of(team, 'id')}, 'team', ${of(team, 'name')}, 'until', ${until})`
}
