import { sql, type RawBuilder } from 'kysely'
import { AssignmentId, type TeamId, type UserId } from '#/access/ids.ts'
import type { Sight } from '#/access/visibility.ts'
import type { Actor } from '#/api/actor.ts'
import type { TeamLimits } from '#/teams/entry.ts'
import type { Member, NewTeam, Team, TeamDeclaration, TeamStore } from '#/teams/team.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { auditOf, fieldsBefore, kept } from './audited.ts'
import { changesOf } from './changes-of.ts'
import { iso, olderThan } from './columns.ts'
import { emailKeyOf, hasEmail } from './email-keys.ts'
import { constraintOf } from './errors.ts'
import { hit, provenance, versionIs } from './item-writes.ts'
import { memberWriter } from './member-writes.ts'
import { cutPage } from './page.ts'
import { removeTeam } from './team-removal.ts'
import { teamsSeenBy } from './seen.ts'
import type { Database, Reader, WriteTx } from './store.ts'

const SOURCE = 'teams'
const audit = auditOf('team')

/** Teams in PostgreSQL. */
export function teamStore(db: Database, limits: TeamLimits): TeamStore {
  return { ...reading(db), ...writing(db, limits), ...memberWriter(db, limits) }
}

function reading(db: Database): Pick<TeamStore, 'page' | 'seen' | 'byId' | 'members' | 'member'> {
  const read = db.read(SOURCE)
  const one = async (where: RawBuilder<boolean>): Promise<Team | undefined> => {
    const row = await teamQuery(read).where(where).executeTakeFirst()
    return row && teamOf(row)
  }
  return {
    page: async ({ limit, after, sight, skip }, which) => {
      const seesAll = sight.isAdmin && sight.teamId === null
      const mine = sight.teamId === null ? [...sight.teams] : [sight.teamId]
      const isMine = seesAll
        ? sql<boolean>`(t.personal_of IS NULL OR t.id = ${sight.userId})`
        : sql<boolean>`t.id = ANY(${mine})`
      const others = sql<boolean>`t.visibility = 'public' AND t.personal_of IS NULL AND NOT t.id = ANY(${[...sight.teams]})`
      const where = which === 'mine' ? isMine : others
      const total = sql<number>`(SELECT count(*)::int FROM teams AS t WHERE ${where})`
      const rows = await teamQuery(read)
        .select(total.as('total'))
        .where(where)
        .$if(after !== null, (q) => q.where(olderThan('t', after ?? { createdAt: '', id: '' })))
        .orderBy('t.created_at', 'desc')
        .orderBy('t.id', 'desc')
        .$if(limit !== null, (q) => q.limit((limit ?? 0) + 1))
        .offset(skip)
        .execute()
      // The count is a part of every row, and of a row of its own where a page is empty.
      const counted = rows[0]?.total ?? (await read.selectNoFrom(total.as('total')).executeTakeFirstOrThrow()).total
      return { ...cutPage(rows.map(teamOf), limit), total: counted }
    },
    seen: async (id, { sight }) => await one(sql<boolean>`t.id = ${id} AND ${teamsSeenBy(sight)}`),
    byId: async (id) => await one(sql<boolean>`t.id = ${id}`),
    members: async (id, { limit, after }) => {
      const rows = await memberQuery(read)
        .where('m.team_id', '=', id)
        .$if(after !== null, (q) =>
          q.where(sql<boolean>`(m.joined_at, m.id) < (${after?.createdAt ?? ''}::timestamptz, ${after?.id ?? ''})`),
        )
        .orderBy('m.joined_at', 'desc')
        .orderBy('m.id', 'desc')
        .$if(limit !== null, (q) => q.limit((limit ?? 0) + 1))
        .execute()
      return cutPage(rows.map(memberOf), limit)
    },
    member: async (id, email) => {
      const row = await memberQuery(read)
        .where('m.team_id', '=', id)
        .where(hasEmail('u.email', email))
        .executeTakeFirst()
      return row && memberOf(row)
    },
  }
}

function writing(db: Database, limits: TeamLimits): Pick<TeamStore, 'create' | 'update' | 'remove'> {
  return {
    create: async (team, actor, { sight }) => {
      const { value, seq } = await db
        .write(SOURCE, (tx) => create(tx, { team, sight, limits }, actor))
        .catch(refusedSlug)
      return { seq, added: value }
    },
    update: (id, declaration, { ifMatch, actor }) =>
      hit(db, SOURCE, async (tx) => {
        const row = await tx.sql
          .updateTable('teams')
          .from(fieldsBefore('teams', id, FIELDS))
          .set({
            ...columnsOf(declaration),
            version: sql`version + 1`,
            updated_at: sql`now()`,
            modified: provenance(actor),
          })
          .whereRef('teams.id', '=', 'was.was_id')
          .where(versionIs(ifMatch))
          .returning('was_fields')
          .executeTakeFirst()
        if (row === undefined) return false
        tx.changed('team', id)
        const { name, description, visibility, maxMembers } = declaration
        const detail = { name, ...changesOf(row.was_fields, { name, description, visibility, maxMembers }) }
        audit(tx, actor, { action: 'teams.update', id, detail })
        return true
      }).catch(refusedSlug),
    remove: async (id, { ifMatch, actor }) => {
      try {
        return await hit(db, SOURCE, async (tx) => {
          const gone = await removeTeam(tx, id, ifMatch)
          if (gone === undefined) return false
          audit(tx, actor, { action: 'teams.delete', id, detail: gone })
          return true
        })
      } catch (error) {
        throw stillUsed(error)
      }
    },
  }
}

interface Added {
  readonly user_id: string
  readonly email: string
  readonly is_owner: boolean
}

interface Making {
  readonly team: NewTeam
  readonly sight: Sight
  readonly limits: TeamLimits
}

async function create(tx: WriteTx, { team, sight, limits }: Making, actor: Actor): Promise<readonly string[]> {
  const { rows: made } = await sql`
    INSERT INTO teams (id, name, slug, description, visibility, max_members, created)
    SELECT ${team.id}, ${team.name}, ${team.slug}, ${team.description}, ${team.visibility}, ${team.maxMembers}::int,
           ${provenance(actor)}::jsonb
     WHERE NOT EXISTS (SELECT 1 FROM teams AS t
       WHERE t.slug = ${team.slug} AND t.personal_of IS NULL AND (${teamsSeenBy(sight)} OR ${isIn(sight)}))
    RETURNING id`.execute(tx.sql)
  if (made.length === 0) throw slugTaken()
  const rows = JSON.stringify(
    team.members.map(({ email, isOwner }) => ({ email, is_owner: isOwner, id: AssignmentId.mint() })),
  )
  const { rows: added } = await sql<Added>`
    WITH wanted AS (
        SELECT DISTINCT ON (u.id) u.id, u.email, x.is_owner, x.id AS member_id
          FROM json_to_recordset(${rows}::json) AS x (email text, is_owner boolean, id text)
          JOIN users AS u ON ${emailKeyOf(sql.ref('u.email'))} = ${emailKeyOf(sql.ref('x.email'))} WHERE u.id <> ${actor.userId}
        UNION ALL SELECT id, email, true, ${AssignmentId.mint()} FROM users WHERE id = ${actor.userId}),
      made AS (
        INSERT INTO team_members (id, team_id, user_id, is_owner, invited_by)
        SELECT member_id, ${team.id}, id, is_owner, ${actor.by} FROM wanted RETURNING user_id)
    SELECT made.user_id, wanted.email, wanted.is_owner FROM made JOIN wanted ON wanted.id = made.user_id`.execute(
    tx.sql,
  )
  if (added.length > (team.maxMembers ?? limits.members))
    throw new GatewayError('invalid_field', `max_members: there are ${added.length} members to begin with`, {
      field: 'max_members',
    })
  await requireNotMany(tx, added, limits)
  tx.changed('team', team.id)
  tx.changed('user', ...added.map((each) => each.user_id))
  const { list, more } = kept(added)
  const members = list.map(({ user_id: userId, email, is_owner: isOwner }) => ({ email, userId, isOwner }))
  const { id, name, visibility, maxMembers } = team
  audit(tx, actor, {
    action: 'teams.create',
    id,
    detail: { name, visibility, maxMembers, members, ...(more && { more }) },
  })
  return added.filter((each) => each.user_id !== actor.userId).map(({ email }) => email)
}

async function requireNotMany(tx: WriteTx, added: readonly Added[], { perUser }: TeamLimits): Promise<void> {
  const ids = added.map((each) => each.user_id)
  const { rows } = await sql<{ readonly user_id: string }>`
    SELECT user_id FROM team_members WHERE user_id = ANY(${ids}) GROUP BY user_id HAVING count(*) > ${perUser} LIMIT 1`.execute(
    tx.sql,
  )
  const who = added.find((each) => each.user_id === rows[0]?.user_id)
  if (who !== undefined)
    throw new GatewayError('conflict', `${who.email} is in ${perUser} teams, as many as one may be in`, {
      field: 'members',
    })
}

function teamQuery(read: Reader) {
  return read
    .selectFrom('teams as t')
    .select([
      't.id',
      't.name',
      't.slug',
      't.description',
      't.personal_of',
      't.visibility',
      't.max_members',
      't.version',
    ])
    .select([
      't.created',
      iso('t.created_at').as('created_at'),
      iso('t.updated_at').as('updated_at'),
      sql<number>`(SELECT count(*)::int FROM team_members AS m WHERE m.team_id = t.id)`.as('members'),
    ])
}

type TeamRow = Awaited<ReturnType<ReturnType<typeof teamQuery>['executeTakeFirstOrThrow']>>

function teamOf(row: TeamRow): Team {
  return {
    id: row.id as TeamId,
    name: row.name,
    slug: row.slug,
    description: row.description,
    isPersonal: row.personal_of !== null,
    visibility: row.visibility as Team['visibility'],
    maxMembers: row.max_members,
    memberCount: row.personal_of === null ? row.members : 1,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    createdBy: (row.created as { readonly by?: string }).by ?? null,
  }
}

function memberQuery(read: Reader) {
  return read
    .selectFrom('team_members as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select([
      'm.id',
      'm.team_id',
      'm.user_id',
      'u.email',
      'm.is_owner',
      'm.invited_by',
      iso('m.joined_at').as('joined_at'),
    ])
}

type MemberRow = Awaited<ReturnType<ReturnType<typeof memberQuery>['executeTakeFirstOrThrow']>>

function memberOf(row: MemberRow): Member {
  return {
    id: row.id,
    teamId: row.team_id as TeamId,
    userId: row.user_id as UserId,
    email: row.email,
    isOwner: row.is_owner,
    createdAt: row.joined_at,
    invitedBy: row.invited_by,
  }
}

const FIELDS = { name: 'name', description: 'description', visibility: 'visibility', maxMembers: 'max_members' }

function columnsOf({ name, description, visibility, maxMembers }: TeamDeclaration) {
  return { name, description, visibility, max_members: maxMembers }
}

/** Of teams `t` those that a user is in as it is stored: the sight may be a moment behind a team that was just made. */
function isIn({ userId, teamId }: Sight): RawBuilder<boolean> {
  if (teamId !== null) return sql`false`
  return sql`EXISTS (SELECT 1 FROM team_members AS m WHERE m.team_id = t.id AND m.user_id = ${userId})`
}

function slugTaken(cause?: unknown): GatewayError {
  return new GatewayError('conflict', 'Team name already exists', { cause, field: 'name' })
}

function refusedSlug(error: unknown): never {
  throw constraintOf(error) === 'teams_slug' ? slugTaken(error) : error
}

const THINGS = /^(gateways|tools|prompts|resources|servers)_team$/

function stillUsed(error: unknown): unknown {
  const things = THINGS.exec(constraintOf(error) ?? '')?.[1]
  if (things === undefined) return error
  return new GatewayError('conflict', `there are ${things} of this team: move or delete them first`, { cause: error })
}
