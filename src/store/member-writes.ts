import { sql } from 'kysely'
import { AssignmentId, type TeamId } from '#/access/ids.ts'
import type { WriteTo } from '#/api/actor.ts'
import type { TeamLimits } from '#/teams/entry.ts'
import type { MemberOutcome, TeamStore } from '#/teams/team.ts'
import { auditOf } from './audited.ts'
import { changesOf } from './changes-of.ts'
import { hasEmail } from './email-keys.ts'
import type { Database, WriteTx } from './store.ts'

const SOURCE = 'teams'
const audit = auditOf('team')

interface Wanted {
  readonly email: string
  readonly isOwner: boolean
}

/** What a change of the members is decided by. The team's row is locked, so two changes of one team do not pass each other. */
interface Before {
  /** Of the team. */
  readonly name: string
  readonly version: number
  readonly max_members: number | null
  readonly members: number
  readonly owners: number
  /** That the user is in. */
  readonly teams: number
  readonly user_id: string | null
  /** null: not a member. */
  readonly is_owner: boolean | null
  /** That it holds in the team. */
  readonly roles: readonly (readonly [roleId: string, expiresAt: string | null])[] | null
}

type Change = (tx: WriteTx, before: Before & { readonly user_id: string }) => Promise<MemberOutcome['kind']>

/** Who is in a team. A membership is announced as a change of its user. */
export function memberWriter(db: Database, limits: TeamLimits): Pick<TeamStore, 'add' | 'setOwner' | 'drop'> {
  return {
    add: (id, member, to) =>
      change(db, { id, to, ...member, action: 'teams.member_add' }, adding(id, member, { by: to.actor.by, limits })),
    setOwner: (id, member, to) =>
      change(db, { id, to, ...member, action: 'teams.member_update' }, async (tx, before) => {
        if (before.is_owner === null) return 'no_member'
        if (before.is_owner && !member.isOwner && before.owners === 1) return 'last_owner'
        await tx.sql
          .updateTable('team_members')
          .set({ is_owner: member.isOwner })
          .where('team_id', '=', id)
          .where('user_id', '=', before.user_id)
          .execute()
        return 'done'
      }),
    drop: (id, email, to) =>
      change(db, { id, to, email, isOwner: null, action: 'teams.member_remove' }, async (tx, before) => {
        if (before.is_owner === null) return 'no_member'
        if (before.is_owner && before.owners === 1) return 'last_owner'
        await sql`WITH gone AS (DELETE FROM role_assignments WHERE team_id = ${id} AND user_id = ${before.user_id})
          DELETE FROM team_members WHERE team_id = ${id} AND user_id = ${before.user_id}`.execute(tx.sql)
        return 'done'
      }),
  }
}

interface Adding {
  readonly by: string
  readonly limits: TeamLimits
}

function adding(id: TeamId, { isOwner }: Wanted, { by, limits }: Adding): Change {
  return async (tx, before) => {
    if (before.is_owner !== null) return 'there'
    if (before.members >= (before.max_members ?? limits.members)) return 'full'
    if (before.teams >= limits.perUser) return 'many'
    const row = {
      id: AssignmentId.mint(),
      team_id: id,
      user_id: before.user_id,
      is_owner: isOwner,
      invited_by: by,
    }
    await tx.sql.insertInto('team_members').values(row).execute()
    return 'done'
  }
}

interface Asked {
  readonly id: TeamId
  readonly to: WriteTo
  readonly email: string
  /** null: it is to be no member. */
  readonly isOwner: boolean | null
  readonly action: string
}

async function change(db: Database, { id, to, email, isOwner, action }: Asked, work: Change): Promise<MemberOutcome> {
  const { value: kind, seq } = await db.write(SOURCE, async (tx): Promise<MemberOutcome['kind']> => {
    // What is counted must be what is there once the lock is held, so it is read by a statement of its own.
    await sql`SELECT id FROM teams WHERE id = ${id} FOR UPDATE`.execute(tx.sql)
    const { rows } = await sql<Before>`
      SELECT t.name, t.version, t.max_members, u.id AS user_id, m.is_owner,
             (SELECT count(*)::int FROM team_members WHERE team_id = t.id) AS members,
             (SELECT count(*)::int FROM team_members WHERE team_id = t.id AND is_owner) AS owners,
             (SELECT count(*)::int FROM team_members WHERE user_id = u.id) AS teams,
             (SELECT json_agg(json_build_array(role_id, expires_at)) FROM role_assignments
               WHERE team_id = t.id AND user_id = u.id) AS roles
        FROM teams AS t
        LEFT JOIN users AS u ON ${hasEmail('u.email', email)}
        LEFT JOIN team_members AS m ON m.team_id = t.id AND m.user_id = u.id
       WHERE t.id = ${id} AND t.personal_of IS NULL`.execute(tx.sql)
    const before = rows[0]
    if (before === undefined) return 'no_member'
    if (to.ifMatch !== null && to.ifMatch !== before.version) return 'stale'
    if (before.user_id === null) return action === 'teams.member_add' ? 'no_user' : 'no_member'
    const outcome = await work(tx, { ...before, user_id: before.user_id })
    if (outcome !== 'done') return outcome
    tx.changed('user', before.user_id)
    const { name, user_id: userId, is_owner: wasOwner, roles } = before
    const was = wasOwner === null ? null : { isOwner: wasOwner, roles: roles ?? [] }
    const { changes } = changesOf({ member: roleIn(wasOwner) }, { member: roleIn(isOwner) })
    audit(tx, to.actor, { action, id, detail: { name, email, userId, changes, was } })
    return 'done'
  })
  return kind === 'done' ? { kind, seq } : { kind }
}

function roleIn(isOwner: boolean | null): 'owner' | 'member' | null {
  return isOwner === null ? null : isOwner ? 'owner' : 'member'
}
