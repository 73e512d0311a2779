import { sql, type RawBuilder } from 'kysely'
import { AssignmentId, PLATFORM_ADMIN_ROLE, type RoleId, type TeamId, type UserId } from '#/access/ids.ts'
import type { RoleScope, StoredRole } from '#/access/roles.ts'
import type { Actor } from '#/api/actor.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { AssignmentRow, NewAssignment, RoleDeclaration, RoleRow, RoleStore } from '#/roles/role.ts'
import { auditOf, emailOf, fieldsBefore, kept, roleName, teamName } from './audited.ts'
import { changesOf } from './changes-of.ts'
import { iso, isoOrNull } from './columns.ts'
import { hasEmail } from './email-keys.ts'
import { constraintOf } from './errors.ts'
import { hit, provenance, versionIs } from './item-writes.ts'
import { isLastAdministrator } from './people-rows.ts'
import type { Database, Reader, WriteTx } from './store.ts'

const SOURCE = 'roles'
const audit = auditOf('role')

/** Roles and who holds them, in PostgreSQL. */
export function roleStore(db: Database): RoleStore {
  return { ...reading(db), ...writing(db), ...assigning(db) }
}

function reading(db: Database): Pick<RoleStore, 'all' | 'byId' | 'userId' | 'held'> {
  const read = db.read(SOURCE)
  return {
    all: async () => (await roleQuery(read).orderBy('r.name').execute()).map(roleRowOf),
    byId: async (id) => {
      const row = await roleQuery(read).where('r.id', '=', id).executeTakeFirst()
      return row && roleRowOf(row)
    },
    userId: async (email) => {
      const row = await read.selectFrom('users').select('id').where(hasEmail('email', email)).executeTakeFirst()
      return row?.id as UserId | undefined
    },
    held: async (userId) => {
      const rows = await read
        .selectFrom('role_assignments as a')
        .innerJoin('users as u', 'u.id', 'a.user_id')
        .innerJoin('roles as r', 'r.id', 'a.role_id')
        .select(['a.id', 'a.user_id', 'u.email', 'a.team_id', 'a.granted_by'])
        .select(['r.id as role_id', 'r.name', 'r.scope', 'r.permissions'])
        .select([iso('a.granted_at').as('granted_at'), isoOrNull('a.expires_at').as('expires_at')])
        .where('a.user_id', '=', userId)
        .orderBy('r.name')
        .orderBy('a.team_id')
        .execute()
      return rows.map((row): AssignmentRow => ({
        id: row.id as AssignmentId,
        userId: row.user_id as UserId,
        email: row.email,
        role: storedOf({ ...row, id: row.role_id }),
        teamId: row.team_id as TeamId | null,
        grantedBy: row.granted_by,
        grantedAt: row.granted_at,
        expiresAt: row.expires_at,
      }))
    },
  }
}

function writing(db: Database): Pick<RoleStore, 'create' | 'update' | 'remove'> {
  return {
    create: async (id, role, actor) => {
      try {
        const { seq } = await db.write(SOURCE, async (tx) => {
          const values = { id, scope: role.scope, ...columnsOf(role), created: provenance(actor) }
          await tx.sql.insertInto('roles').values(values).execute()
          tx.changed('role', id)
          audit(tx, actor, { action: 'roles.create', id, detail: { ...role } })
        })
        return { seq }
      } catch (error) {
        throw nameTaken(error)
      }
    },
    update: async (id, role, { ifMatch, actor }) => {
      try {
        return await hit(db, SOURCE, async (tx) => {
          const row = await tx.sql
            .updateTable('roles')
            .from(fieldsBefore('roles', id, FIELDS))
            .set({ ...columnsOf(role), version: sql`version + 1`, updated_at: sql`now()`, modified: provenance(actor) })
            .whereRef('roles.id', '=', 'was.was_id')
            .where('permissions', 'is not', null)
            .where(versionIs(ifMatch))
            .returning('was_fields')
            .executeTakeFirst()
          if (row === undefined) return false
          tx.changed('role', id)
          const was = { permissions: row.was_fields['permissions'] }
          const detail = { ...role, ...changesOf(row.was_fields, { ...role }), was }
          audit(tx, actor, { action: 'roles.update', id, detail })
          return true
        })
      } catch (error) {
        throw nameTaken(error)
      }
    },
    remove: (id, { ifMatch, actor }) =>
      hit(db, SOURCE, async (tx) => {
        const row = await tx.sql
          .deleteFrom('roles')
          .where('id', '=', id)
          .where('permissions', 'is not', null)
          .where(versionIs(ifMatch))
          .returning(['name', 'scope', 'permissions', holdersOf(id).as('holders')])
          .executeTakeFirst()
        if (row === undefined) return false
        tx.changed('role', id)
        const { name, scope, permissions, holders } = row
        const { list, more } = kept(holders)
        const was = { scope, permissions, holders: list, ...(more && { more }) }
        audit(tx, actor, { action: 'roles.delete', id, detail: { name, was } })
        return true
      }),
  }
}

const FIELDS = { name: 'name', description: 'description', permissions: 'permissions' }

type Holder = readonly [userId: string, teamId: string | null, expiresAt: string | null, email: string]

/** Who holds a role that goes. */
function holdersOf(id: RoleId): RawBuilder<readonly Holder[] | null> {
  return sql`(SELECT json_agg(json_build_array(user_id, team_id, expires_at, ${emailOf('user_id')})) FROM role_assignments WHERE role_id = ${id})`
}

function assigning(db: Database): Pick<RoleStore, 'assign' | 'revoke'> {
  return {
    assign: async (assignment, actor) => {
      const { value, seq } = await db.write(SOURCE, (tx) => assign(tx, assignment, actor))
      return value === 'done' ? { seq } : value
    },
    revoke: async (assignment, actor) => {
      const { value, seq } = await db.write(SOURCE, (tx) => revoke(tx, assignment, actor))
      return value === 'done' ? { seq } : value
    },
  }
}

/** Which role, whose, and in which team. */
interface Names {
  readonly name: string
  readonly email: string
  readonly team: string | null
}
const NAMES = sql`${roleName('role_id')} AS name, ${emailOf('user_id')} AS email, ${teamName('team_id')} AS team`

/** When a role ends; null within: it does not. */
type Until = readonly [expiresAt: string | null]

async function assign(
  tx: WriteTx,
  { userId, roleId, teamId, expiresAt }: NewAssignment,
  actor: Actor,
): Promise<'done' | 'no_member' | 'last_admin'> {
  if (roleId === PLATFORM_ADMIN_ROLE && expiresAt !== null && (await isLastAdministrator(tx, userId)))
    return 'last_admin'
  // The membership is locked: who leaves meanwhile takes the role along, or is found to have left.
  const { rows } = await sql<{ readonly was: Until | null } & Names>`
    WITH member AS (SELECT 1 FROM team_members WHERE team_id = ${teamId} AND user_id = ${userId} FOR SHARE),
      before AS (
        SELECT json_build_array(expires_at) AS was FROM role_assignments WHERE user_id = ${userId} AND role_id = ${roleId}
           AND team_id IS NOT DISTINCT FROM ${teamId}::text)
    INSERT INTO role_assignments (id, user_id, role_id, team_id, granted_by, expires_at)
    SELECT ${AssignmentId.mint()}, ${userId}, ${roleId}, ${teamId}, ${actor.by}, ${expiresAt}::timestamptz
     WHERE ${teamId}::text IS NULL OR EXISTS (SELECT 1 FROM member)
    ON CONFLICT ON CONSTRAINT role_assignments_once
      DO UPDATE SET expires_at = excluded.expires_at, granted_by = excluded.granted_by, granted_at = now()
    RETURNING (SELECT was FROM before) AS was, ${NAMES}`.execute(tx.sql)
  const [row] = rows
  if (row === undefined) return 'no_member'
  tx.changed('user', userId)
  const { was, ...names } = row
  audit(tx, actor, { action: 'roles.assign', id: roleId, detail: { ...names, userId, teamId, expiresAt, was } })
  return 'done'
}

async function revoke(
  tx: WriteTx,
  { userId, roleId, teamId }: Omit<NewAssignment, 'expiresAt'>,
  actor: Actor,
): Promise<'done' | 'last_admin' | undefined> {
  if (roleId === PLATFORM_ADMIN_ROLE && (await isLastAdministrator(tx, userId))) return 'last_admin'
  const { rows } = await sql<{ readonly was: Until } & Names>`
    DELETE FROM role_assignments WHERE user_id = ${userId} AND role_id = ${roleId}
      AND team_id IS NOT DISTINCT FROM ${teamId}::text RETURNING json_build_array(expires_at) AS was, ${NAMES}`.execute(
    tx.sql,
  )
  const [row] = rows
  if (row === undefined) return undefined
  tx.changed('user', userId)
  const { was, ...names } = row
  audit(tx, actor, { action: 'roles.revoke', id: roleId, detail: { ...names, userId, teamId, was } })
  return 'done'
}

function roleQuery(read: Reader) {
  return read
    .selectFrom('roles as r')
    .select(['r.id', 'r.name', 'r.description', 'r.scope', 'r.permissions', 'r.version', 'r.created'])
    .select([iso('r.created_at').as('created_at'), iso('r.updated_at').as('updated_at')])
}

type Row = Awaited<ReturnType<ReturnType<typeof roleQuery>['executeTakeFirstOrThrow']>>

function roleRowOf(row: Row): RoleRow {
  return {
    ...storedOf(row),
    description: row.description,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    createdBy: (row.created as { readonly by?: string }).by ?? null,
  }
}

function storedOf({ id, name, scope, permissions }: Pick<Row, 'id' | 'name' | 'scope' | 'permissions'>): StoredRole {
  return {
    id: id as RoleId,
    name,
    scope: scope as RoleScope,
    permissions: permissions as readonly string[] | null,
  }
}

function columnsOf({ name, description, permissions }: RoleDeclaration) {
  return { name, description, permissions: JSON.stringify(permissions) }
}

function nameTaken(error: unknown): unknown {
  if (constraintOf(error) !== 'roles_name') return error
  return new GatewayError('conflict', 'Role name already exists', { cause: error, field: 'name' })
}
