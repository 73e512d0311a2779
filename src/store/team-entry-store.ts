import { sql } from 'kysely'
import { emailKey } from '#/lib/email-key.ts'
import { AssignmentId, type TeamId, type UserId } from '#/access/ids.ts'
import type { Actor } from '#/api/actor.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Invitation, JoinRequest, NewInvitation, TeamEntryStore, TeamLimits } from '#/teams/entry.ts'
import { auditOf, emailOf, teamName } from './audited.ts'
import { iso } from './columns.ts'
import { emailKeyOf, hasEmail } from './email-keys.ts'
import { constraintOf } from './errors.ts'
import type { Database, Reader, WriteTx } from './store.ts'

const SOURCE = 'teams'
const audit = auditOf('team')
const GOOD_FOR = sql`interval '7 days'`

/** Invitations and requests to join, in PostgreSQL. */
export function teamEntryStore(db: Database, limits: TeamLimits): TeamEntryStore {
  return { ...inviting(db), ...accepting(db, limits), ...asking(db, limits) }
}

function inviting(db: Database): Pick<TeamEntryStore, 'invite' | 'invitations' | 'invitation' | 'cancel'> {
  const read = db.read(SOURCE)
  return {
    invite: async (teamId, invitations, actor) => {
      await db.write(SOURCE, (tx) => invite(tx, { teamId, invitations }, actor)).catch(refuseTwice)
    },
    invitations: async (teamId) => {
      const rows = await invitationQuery(read).where('i.team_id', '=', teamId).orderBy('i.id', 'desc').execute()
      return rows.map(invitationOf)
    },
    invitation: async (id) => {
      const row = await invitationQuery(read).where('i.id', '=', id).executeTakeFirst()
      return row && invitationOf(row)
    },
    cancel: async (id, actor) => {
      const { value, seq } = await db.write(SOURCE, async (tx) => {
        const gone = await tx.sql
          .deleteFrom('team_invitations')
          .where('id', '=', id)
          .returning(['team_id', 'email', 'is_owner', teamName('team_id').as('team')])
          .executeTakeFirst()
        if (gone === undefined) return false
        const detail = { name: gone.team, email: gone.email, isOwner: gone.is_owner }
        audit(tx, actor, { action: 'teams.invitation_cancel', id: gone.team_id, detail })
        return true
      })
      return value ? { seq } : undefined
    },
  }
}

interface Inviting {
  readonly teamId: TeamId
  readonly invitations: readonly NewInvitation[]
}

async function invite(tx: WriteTx, { teamId, invitations }: Inviting, actor: Actor): Promise<void> {
  const { rows: there } = await sql<{ readonly email: string }>`
    SELECT u.email FROM team_members AS m JOIN users AS u ON u.id = m.user_id
     WHERE m.team_id = ${teamId} AND ${emailKeyOf(sql.ref('u.email'))} = ANY(${invitations.map(({ email }) => emailKey(email))})`.execute(
    tx.sql,
  )
  if (there[0] !== undefined) throw refused('email', `${there[0].email} is in the team already`)
  await forgetOver(tx, 'team_invitations', teamId)
  const row = await tx.sql
    .insertInto('team_invitations')
    .values(
      invitations.map(({ id, email, isOwner, hash }) => ({
        id,
        team_id: teamId,
        email,
        is_owner: isOwner,
        hash,
        invited_by: actor.by,
        expires_at: sql<Date>`now() + ${GOOD_FOR}`,
      })),
    )
    .returning(teamName('team_id').as('team'))
    .executeTakeFirst()
  const invited = invitations.map(({ email, isOwner }) => ({ email, isOwner }))
  const detail = { name: row?.team, emails: invited.map(({ email }) => email), invited }
  audit(tx, actor, { action: 'teams.invite', id: teamId, detail })
}

/** What is over makes room for another. */
async function forgetOver(
  tx: WriteTx,
  table: 'team_invitations' | 'team_join_requests',
  teamId: TeamId,
): Promise<void> {
  await sql`DELETE FROM ${sql.table(table)} WHERE team_id = ${teamId} AND expires_at < now()`.execute(tx.sql)
}

function accepting(db: Database, limits: TeamLimits): Pick<TeamEntryStore, 'accept'> {
  return {
    accept: async (hash, { userId, email }, actor) => {
      const { value, seq } = await db.write(SOURCE, async (tx) => {
        // Gone with the entry that it brings, or there again with all else that was refused.
        const { rows } = await sql<{ readonly team_id: TeamId; readonly is_owner: boolean; readonly team: string }>`
          DELETE FROM team_invitations WHERE hash = ${hash} AND ${hasEmail('email', email)} AND expires_at > now()
          RETURNING team_id, is_owner, ${teamName('team_id')} AS team`.execute(tx.sql)
        const found = rows[0]
        if (found === undefined) throw notGood()
        const { team_id: id, is_owner: isOwner, team: name } = found
        await enter(tx, { teamId: id, userId, isOwner, by: actor.by }, limits)
        const detail = { name, email, userId, isOwner, was: null }
        audit(tx, actor, { action: 'teams.invitation_accept', id, detail })
        return { teamId: id, isOwner }
      })
      return { seq, ...value }
    },
  }
}

function asking(db: Database, limits: TeamLimits): Pick<TeamEntryStore, 'ask' | 'requests' | 'approve' | 'reject'> {
  return {
    ask: async (request, actor) => {
      await db.write(SOURCE, (tx) => ask(tx, request, actor)).catch(refuseTwice)
    },
    requests: async (teamId) => {
      const rows = await requestQuery(db.read(SOURCE)).where('r.team_id', '=', teamId).orderBy('r.id').execute()
      return rows.map(requestOf)
    },
    approve: async (teamId, id, actor) => {
      const { value: email, seq } = await db.write(SOURCE, async (tx) => {
        const found = await takeRequest(tx, teamId, id)
        if (found === undefined) throw new GatewayError('not_found', 'Join request not found')
        await enter(tx, { teamId, userId: found.user_id, isOwner: false, by: actor.by }, limits)
        audit(tx, actor, { action: 'teams.join_approve', id: teamId, detail: { ...told(found), was: null } })
        return found.email
      })
      return { seq, email }
    },
    reject: async (teamId, id, actor) => {
      const { value, seq } = await db.write(SOURCE, async (tx) => {
        const found = await takeRequest(tx, teamId, id)
        if (found !== undefined) audit(tx, actor, { action: 'teams.join_reject', id: teamId, detail: told(found) })
        return found !== undefined
      })
      return value ? { seq } : undefined
    },
  }
}

async function ask(
  tx: WriteTx,
  { id, teamId, message }: { readonly id: string; readonly teamId: TeamId; readonly message: string | null },
  actor: Actor,
): Promise<void> {
  const member = await tx.sql
    .selectFrom('team_members')
    .select('id')
    .where('team_id', '=', teamId)
    .where('user_id', '=', actor.userId)
    .executeTakeFirst()
  if (member !== undefined) throw refused('id', 'you are in the team already')
  const row = { id, team_id: teamId, user_id: actor.userId, message, expires_at: sql<Date>`now() + ${GOOD_FOR}` }
  await forgetOver(tx, 'team_join_requests', teamId)
  const made = await tx.sql
    .insertInto('team_join_requests')
    .values(row)
    .returning([teamName('team_id').as('team'), emailOf('user_id').as('email')])
    .executeTakeFirst()
  const detail = { name: made?.team, email: made?.email, userId: actor.userId, by: actor.by }
  audit(tx, actor, { action: 'teams.join_ask', id: teamId, detail })
}

/** Who asked, and to be let in where. */
interface Asking {
  readonly user_id: UserId
  readonly email: string
  readonly team: string
}

function told({ user_id: userId, email, team: name }: Asking): Readonly<Record<string, unknown>> {
  return { name, email, userId, isOwner: false }
}

async function takeRequest(tx: WriteTx, teamId: TeamId, id: string): Promise<Asking | undefined> {
  const { rows } = await sql<Asking>`
    DELETE FROM team_join_requests AS r USING users AS u
     WHERE r.id = ${id} AND r.team_id = ${teamId} AND r.expires_at > now() AND u.id = r.user_id
    RETURNING r.user_id, u.email, ${teamName('r.team_id')} AS team`.execute(tx.sql)
  return rows[0]
}

interface Entry {
  readonly teamId: TeamId
  readonly userId: UserId
  readonly isOwner: boolean
  readonly by: string
}

/** Both rows are locked first, so that nobody else makes the team or the user's teams full meanwhile; then it is counted. */
async function enter(tx: WriteTx, { teamId, userId, isOwner, by }: Entry, limits: TeamLimits): Promise<void> {
  await sql`SELECT t.id FROM teams AS t, users AS u WHERE t.id = ${teamId} AND u.id = ${userId} FOR UPDATE`.execute(
    tx.sql,
  )
  const { rows } = await sql<{
    readonly most: number | null
    readonly members: number
    readonly teams: number
    readonly there: boolean
  }>`
    SELECT t.max_members AS most,
           (SELECT count(*)::int FROM team_members WHERE team_id = t.id) AS members,
           (SELECT count(*)::int FROM team_members WHERE user_id = ${userId}) AS teams,
           EXISTS (SELECT 1 FROM team_members WHERE team_id = t.id AND user_id = ${userId}) AS there
      FROM teams AS t WHERE t.id = ${teamId}`.execute(tx.sql)
  const now = rows[0]
  if (now === undefined) throw new GatewayError('not_found', 'Team not found')
  if (now.there) throw refused('email', 'the user is in the team already')
  if (now.members >= (now.most ?? limits.members))
    throw refused('email', 'the team has as many members as it may: raise max_members first')
  if (now.teams >= limits.perUser) throw refused('email', `the user is in ${now.teams} teams, as many as one may be in`)
  const row = { id: AssignmentId.mint(), team_id: teamId, user_id: userId, is_owner: isOwner, invited_by: by }
  // Who is in waits no longer, whichever way it came.
  await tx.sql
    .with('waiting', (q) =>
      q.deleteFrom('team_join_requests').where('team_id', '=', teamId).where('user_id', '=', userId),
    )
    .insertInto('team_members')
    .values(row)
    .execute()
  tx.changed('user', userId)
}

function invitationQuery(read: Reader) {
  return read
    .selectFrom('team_invitations as i')
    .innerJoin('teams as t', 't.id', 'i.team_id')
    .select(['i.id', 'i.team_id', 't.name', 'i.email', 'i.is_owner', 'i.invited_by'])
    .select([iso('i.invited_at').as('invited_at'), iso('i.expires_at').as('expires_at')])
}

function invitationOf(
  row: Awaited<ReturnType<ReturnType<typeof invitationQuery>['executeTakeFirstOrThrow']>>,
): Invitation {
  return {
    id: row.id,
    teamId: row.team_id as TeamId,
    teamName: row.name,
    email: row.email,
    isOwner: row.is_owner,
    invitedBy: row.invited_by,
    invitedAt: row.invited_at,
    expiresAt: row.expires_at,
  }
}

function requestQuery(read: Reader) {
  return read
    .selectFrom('team_join_requests as r')
    .innerJoin('teams as t', 't.id', 'r.team_id')
    .innerJoin('users as u', 'u.id', 'r.user_id')
    .select(['r.id', 'r.team_id', 't.name', 'u.email', 'r.message'])
    .select([iso('r.requested_at').as('requested_at'), iso('r.expires_at').as('expires_at')])
    .where('r.expires_at', '>', sql<Date>`now()`)
}

function requestOf(row: Awaited<ReturnType<ReturnType<typeof requestQuery>['executeTakeFirstOrThrow']>>): JoinRequest {
  return {
    id: row.id,
    teamId: row.team_id as TeamId,
    teamName: row.name,
    email: row.email,
    message: row.message,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
  }
}

function refused(field: string, message: string): GatewayError {
  return new GatewayError('conflict', message, { field })
}

/** Whether the link never was, was used, is over or is somebody else's is nobody's business. */
function notGood(): GatewayError {
  const message =
    'this invitation is not good: it was used or cancelled, it is over, or it is for another e-mail address'
  return new GatewayError('invalid_request', message)
}

function refuseTwice(error: unknown): never {
  const constraint = constraintOf(error)
  if (constraint === 'team_invitations_once')
    throw new GatewayError('conflict', 'there is an invitation for this address: cancel it to make another', {
      cause: error,
      field: 'email',
    })
  if (constraint === 'team_join_requests_once')
    throw new GatewayError('conflict', 'you have asked already: an owner of the team decides', {
      cause: error,
      field: 'id',
    })
  throw error
}
