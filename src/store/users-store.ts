import { sql, type RawBuilder } from 'kysely'
import { AssignmentId, PLATFORM_ADMIN_ROLE, PLATFORM_VIEWER_ROLE, type UserId } from '#/access/ids.ts'
import type { Actor } from '#/api/actor.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { NewUser, User, UserChange, UserOutcome, UserStore } from '#/users/user.ts'
import { auditOf, kept, MOST_KEPT } from './audited.ts'
import { changesOf } from './changes-of.ts'
import { iso, isoOrNull, olderThan } from './columns.ts'
import { hasEmail } from './email-keys.ts'
import { constraintOf } from './errors.ts'
import { provenance, versionIs } from './item-writes.ts'
import { cutPage } from './page.ts'
import { passwordFor } from './password-resets.ts'
import { endSessions } from './session-rows.ts'
import { accountOf } from './sign-in-guesses.ts'
import { isAdministrator, isLastAdministrator, ownTeamUsed, personalTeamName } from './people-rows.ts'
import type { Database, Reader, WriteTx } from './store.ts'

const SOURCE = 'users'
const audit = auditOf('user')

/** Users in PostgreSQL. */
export function userStore(db: Database): UserStore {
  const read = db.read(SOURCE)
  return {
    page: async ({ limit, after }) => {
      const rows = await userQuery(read)
        .$if(after !== null, (q) => q.where(olderThan('u', after ?? { createdAt: '', id: '' })))
        .orderBy('u.created_at', 'desc')
        .orderBy('u.id', 'desc')
        .$if(limit !== null, (q) => q.limit((limit ?? 0) + 1))
        .execute()
      return cutPage(rows.map(userOf), limit)
    },
    byEmail: async (email) => {
      const row = await userQuery(read).where(hasEmail('u.email', email)).executeTakeFirst()
      return row && userOf(row)
    },
    create: async (user, actor) => {
      try {
        const { seq } = await db.write(SOURCE, (tx) => create(tx, user, actor))
        return { seq }
      } catch (error) {
        throw emailTaken(error)
      }
    },
    update: (id, change, { ifMatch, actor }) => changed(db, (tx) => update(tx, { id, change, ifMatch }, actor)),
    remove: async (id, { ifMatch, actor }) => {
      try {
        return await changed(db, (tx) => remove(tx, { id, ifMatch }, actor))
      } catch (error) {
        throw stillUsed(error)
      }
    },
  }
}

async function changed(
  db: Database,
  work: (tx: WriteTx) => Promise<'done' | 'last_admin' | undefined>,
): Promise<UserOutcome> {
  const { value, seq } = await db.write(SOURCE, work)
  return value === 'done' ? { seq } : value
}

async function create(tx: WriteTx, user: NewUser, actor: Actor): Promise<void> {
  const { id, email, fullName, kind, isAdmin, enabled, password } = user
  const roles = [PLATFORM_VIEWER_ROLE, ...(isAdmin ? [PLATFORM_ADMIN_ROLE] : [])]
  const grants = roles.map((role) => sql`(${AssignmentId.mint()}, ${id}, ${role}, ${actor.by})`)
  const chosen = password === null ? sql`` : sql`, ${passwordFor(sql`SELECT id FROM made`, password)}`
  await sql`
    WITH made AS (
        INSERT INTO users (id, email, full_name, kind, enabled, created)
        VALUES (${id}, ${email}, ${fullName}, ${kind}, ${enabled}, ${provenance(actor)}::jsonb) RETURNING id),
      team AS (
        INSERT INTO teams (id, name, slug, personal_of) VALUES (${id}, ${personalTeamName(email)}, ${`personal-${id}`}, ${id}))
      ${chosen}
    INSERT INTO role_assignments (id, user_id, role_id, granted_by) VALUES ${sql.join(grants)}`.execute(tx.sql)
  tx.changed('user', id)
  const chose = password !== null && { password: 'set', mustChangePassword: password.mustChange }
  const detail = { email, fullName, kind, isAdmin, enabled, ...chose }
  audit(tx, actor, { action: 'users.create', id, detail })
}

interface Before {
  readonly email: string
  readonly full_name: string | null
  /** null: it has no password. */
  readonly must_change: boolean | null
  readonly enabled: boolean
  /** When its role ended that permits everything; null within: it did not end. */
  readonly admin: readonly [until: string | null] | null
}

interface Held {
  readonly memberships: readonly (readonly [teamId: string, isOwner: boolean])[]
  readonly assignments: readonly (readonly [roleId: string, teamId: string | null, expiresAt: string | null])[]
  readonly owned: readonly string[]
}

/** Of a user who goes: its teams and roles, which go with it, and ids of what is nobody's then. */
function heldBy(id: UserId): RawBuilder<Held> {
  return sql`json_build_object(
    'memberships', (SELECT coalesce(json_agg(json_build_array(team_id, is_owner)), '[]')
      FROM team_members WHERE user_id = ${id}),
    'assignments', (SELECT coalesce(json_agg(json_build_array(role_id, team_id, expires_at)), '[]')
      FROM role_assignments WHERE user_id = ${id}),
    'owned', (SELECT coalesce(json_agg(id), '[]') FROM (
      SELECT id FROM gateways WHERE owner_id = ${id} UNION ALL SELECT id FROM tools WHERE owner_id = ${id}
      UNION ALL SELECT id FROM prompts WHERE owner_id = ${id} UNION ALL SELECT id FROM resources WHERE owner_id = ${id}
      UNION ALL SELECT id FROM servers WHERE owner_id = ${id} LIMIT ${MOST_KEPT + 1}) AS things))`
}

interface Update {
  readonly id: UserId
  readonly change: UserChange
  readonly ifMatch: number | null
}

async function update(
  tx: WriteTx,
  { id, change, ifMatch }: Update,
  actor: Actor,
): Promise<'done' | 'last_admin' | undefined> {
  const { fullName, isAdmin, enabled, password, mustChangePassword } = change
  if ((!isAdmin || !enabled) && (await isLastAdministrator(tx, id))) return 'last_admin'
  const grant = sql`INSERT INTO role_assignments (id, user_id, role_id, granted_by)
    SELECT ${AssignmentId.mint()}, id, ${PLATFORM_ADMIN_ROLE}, ${actor.by} FROM hit
    ON CONFLICT ON CONSTRAINT role_assignments_once DO UPDATE SET expires_at = NULL`
  const withdraw = sql`DELETE FROM role_assignments
    WHERE user_id IN (SELECT id FROM hit) AND role_id = ${PLATFORM_ADMIN_ROLE} AND team_id IS NULL`
  const keep = sql`password AS (
    UPDATE passwords SET must_change = coalesce(${mustChangePassword}::boolean, must_change)
     WHERE user_id IN (SELECT id FROM hit) AND ${mustChangePassword}::boolean IS NOT NULL)`
  const { rows } = await sql<Before>`
    WITH hit AS (
        UPDATE users SET full_name = ${fullName}, enabled = ${enabled}, version = version + 1, updated_at = now(),
               modified = ${provenance(actor)}::jsonb
          FROM (SELECT id AS was_id, enabled AS was_enabled, full_name AS was_called FROM users WHERE id = ${id} FOR UPDATE) AS before
         WHERE id = was_id AND ${versionIs(ifMatch)} RETURNING id, email, was_called, was_enabled),
      role AS (${isAdmin ? grant : withdraw}),
      ${password === null ? keep : passwordFor(sql`SELECT id FROM hit`, password)}
    SELECT email, was_called AS full_name, was_enabled AS enabled,
      (SELECT must_change FROM passwords WHERE user_id = hit.id) AS must_change, (
      SELECT json_build_array(expires_at) FROM role_assignments
       WHERE user_id = ${id} AND role_id = ${PLATFORM_ADMIN_ROLE} AND team_id IS NULL) AS admin FROM hit`.execute(
    tx.sql,
  )
  const [before] = rows
  if (before === undefined) return undefined
  if (password !== null || !enabled) await endSessions(tx, id)
  tx.changed('user', id)
  const was = { enabled: before.enabled, admin: before.admin }
  const detail = { email: before.email, isAdmin, enabled, ...(password !== null && { password: 'set' }) }
  audit(tx, actor, { action: 'users.update', id, detail: { ...detail, ...changesIn(before, change), was } })
  return 'done'
}

function changesIn(before: Before, change: UserChange): ReturnType<typeof changesOf> {
  const { fullName, isAdmin, enabled, password, mustChangePassword } = change
  const was = { fullName: before.full_name, isAdmin: before.admin !== null, enabled: before.enabled }
  return changesOf(
    { ...was, mustChangePassword: before.must_change },
    {
      fullName,
      isAdmin,
      enabled,
      mustChangePassword: password?.mustChange ?? mustChangePassword ?? before.must_change,
    },
  )
}

async function remove(
  tx: WriteTx,
  { id, ifMatch }: Omit<Update, 'change'>,
  actor: Actor,
): Promise<'done' | 'last_admin' | undefined> {
  if (await isLastAdministrator(tx, id)) return 'last_admin'
  const row = await tx.sql
    .deleteFrom('users')
    .where('id', '=', id)
    .where(versionIs(ifMatch))
    .returning(['email', 'enabled', heldBy(id).as('held')])
    .executeTakeFirst()
  if (row === undefined) return undefined
  tx.changed('user', id)
  const { email, enabled, held } = row
  const { list: owned, more } = kept(held.owned)
  const was = { enabled, ...held, owned, ...(more && { moreOwned: true }) }
  audit(tx, actor, { action: 'users.delete', id, detail: { email, was } })
  return 'done'
}

function userQuery(read: Reader) {
  return read
    .selectFrom('users as u')
    .leftJoin('passwords as p', 'p.user_id', 'u.id')
    .select(['u.id', 'u.email', 'u.full_name', 'u.kind', 'u.enabled', 'u.version', 'p.must_change'])
    .select([
      isAdministrator('u').as('is_admin'),
      iso('u.created_at').as('created_at'),
      iso('u.updated_at').as('updated_at'),
      isoOrNull('u.last_login_at').as('last_login_at'),
      failedSignIns.as('failed_sign_ins'),
      lockedUntil.as('locked_until'),
      isVouchedFor.as('is_vouched_for'),
    ])
}

const guessedAt = accountOf(sql`u.email`)
const failedSignIns = sql<number>`coalesce((SELECT f.failures FROM sign_in_failures AS f
  WHERE f.account = ${guessedAt} AND f.network = '' AND f.last_at > now() - interval '1 hour'), 0)`
const lockedUntil = sql<
  string | null
>`(SELECT to_char(max(f.blocked_until) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
  FROM sign_in_failures AS f WHERE f.account = ${guessedAt} AND f.blocked_until > now())`

const isVouchedFor = sql<boolean>`EXISTS (SELECT 1 FROM user_identities AS i WHERE i.user_id = u.id)`

type Row = Awaited<ReturnType<ReturnType<typeof userQuery>['executeTakeFirstOrThrow']>>

function userOf(row: Row): User {
  return {
    id: row.id as UserId,
    email: row.email,
    fullName: row.full_name,
    kind: row.kind as User['kind'],
    isAdmin: row.is_admin,
    enabled: row.enabled,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastLoginAt: row.last_login_at,
    isVouchedFor: row.is_vouched_for,
    mustChangePassword: row.must_change === true,
    failedSignIns: row.failed_sign_ins,
    lockedUntil: row.locked_until,
  }
}

function emailTaken(error: unknown): unknown {
  if (constraintOf(error) !== 'users_email') return error
  return new GatewayError('conflict', 'User with this e-mail already exists', { cause: error, field: 'email' })
}

function stillUsed(error: unknown): unknown {
  return constraintOf(error)?.endsWith('_team') === true ? ownTeamUsed(error) : error
}
