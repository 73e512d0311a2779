import { sql } from 'kysely'
import { AssignmentId, PLATFORM_ADMIN_ROLE } from '#/access/ids.ts'
import type { Administrator, AdministratorStore } from '#/tokens/administrator.ts'
import { emailKeyOf, hasEmail } from './email-keys.ts'
import { isAdministrator, personalTeamName } from './people-rows.ts'
import type { Database, WriteTx } from './store.ts'

const SOURCE = 'users'

/** The administrator in PostgreSQL. */
export function administratorStore(db: Database): AdministratorStore {
  return {
    async ensure(administrator) {
      // Every start but the first finds everything, and writes nothing.
      const found = await stateOf(db, administrator)
      if (found !== 'absent') return found
      const { value: made } = await db.write(SOURCE, (tx) => make(tx, administrator))
      if (made) return 'made'
      return (await stateOf(db, administrator)) === 'revoked' ? 'revoked' : 'there'
    },
  }
}

async function stateOf(db: Database, { email, tokenHash }: Administrator): Promise<'there' | 'revoked' | 'absent'> {
  const row = await db
    .read(SOURCE)
    .selectFrom('tokens as t')
    .innerJoin('users as u', 'u.id', 't.user_id')
    .select(['t.revoked_at', 'u.enabled', isAdministrator('u').as('is_admin')])
    .where('t.hash', '=', tokenHash)
    .where(hasEmail('u.email', email))
    .executeTakeFirst()
  if (row === undefined || !row.is_admin || !row.enabled) return 'absent'
  return row.revoked_at === null ? 'there' : 'revoked'
}

/** False: others made all of it meanwhile. */
async function make(tx: WriteTx, administrator: Administrator): Promise<boolean> {
  const { email, userId, tokenId, tokenName, tokenHash, tokenHint } = administrator
  const { rows: users } = await sql<{ readonly id: string }>`
    WITH made AS (
        INSERT INTO users (id, email) VALUES (${userId}, ${email})
        ON CONFLICT (${emailKeyOf(sql.ref('email'))}) DO UPDATE SET enabled = true WHERE NOT users.enabled
        RETURNING id, xmax = 0 AS is_new),
      who AS (SELECT id FROM made UNION SELECT id FROM users WHERE ${hasEmail('email', email)}),
      team AS (
        INSERT INTO teams (id, name, slug, personal_of)
        SELECT id, ${personalTeamName(email)}, 'personal-' || id, id FROM made WHERE is_new),
      role AS (
        INSERT INTO role_assignments (id, user_id, role_id, granted_by)
        SELECT ${AssignmentId.mint()}, id, ${PLATFORM_ADMIN_ROLE}, 'start' FROM who
        ON CONFLICT ON CONSTRAINT role_assignments_once DO UPDATE SET expires_at = NULL
          WHERE role_assignments.expires_at IS NOT NULL
        RETURNING user_id)
    SELECT id FROM made UNION SELECT user_id FROM role`.execute(tx.sql)
  const [user] = users
  const token = await tx.sql
    .insertInto('tokens')
    .columns(['id', 'user_id', 'name', 'description', 'hash', 'hint'])
    .expression((from) =>
      from
        .selectFrom('users')
        .select([
          sql<string>`${tokenId}`.as('id'),
          'users.id as user_id',
          sql<string>`${tokenName}`.as('name'),
          sql<string>`'The token in the data folder'`.as('description'),
          sql<Buffer>`${tokenHash}::bytea`.as('hash'),
          sql<string>`${tokenHint}`.as('hint'),
        ])
        .where(hasEmail('users.email', email)),
    )
    .onConflict((conflict) => conflict.column('hash').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (user === undefined && token === undefined) return false
  if (user !== undefined) tx.changed('user', user.id)
  if (token !== undefined) tx.changed('token', token.id)
  const detail = {
    email,
    role: 'platform_admin',
    hint: tokenHint,
    user: user !== undefined,
    token: token !== undefined,
  }
  tx.audit({ actor: 'start', action: 'administrator.ensure', targetKind: 'user', targetId: user?.id ?? email, detail })
  return true
}
