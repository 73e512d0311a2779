import { sql, type RawBuilder } from 'kysely'
import { PLATFORM_ADMIN_ROLE, type UserId } from '#/access/ids.ts'
import type { WriteTx } from './store.ts'

/** Whether a user, a row of the table `users` under this name, holds the role that sees everything. */
export function isAdministrator(users: string): RawBuilder<boolean> {
  return sql<boolean>`EXISTS (SELECT 1 FROM role_assignments AS a WHERE a.user_id = ${sql.ref(`${users}.id`)}
    AND a.role_id = ${PLATFORM_ADMIN_ROLE} AND a.team_id IS NULL AND (a.expires_at IS NULL OR a.expires_at > now()))`
}

/**
 * Whether nobody but this user is left who may do everything, enabled and for good. Whoever asks holds on to the role until it is
 * done, so that two administrators cannot take it from each other at once.
 */
export async function isLastAdministrator(tx: WriteTx, id: UserId): Promise<boolean> {
  await sql`SELECT id FROM roles WHERE id = ${PLATFORM_ADMIN_ROLE} FOR UPDATE`.execute(tx.sql)
  const { rows } = await sql<{ readonly is_one: boolean; readonly others: number }>`
    SELECT coalesce(bool_or(u.id = ${id}), false) AS is_one, count(*) FILTER (WHERE u.id <> ${id})::int AS others
      FROM role_assignments AS a JOIN users AS u ON u.id = a.user_id
     WHERE a.role_id = ${PLATFORM_ADMIN_ROLE} AND a.team_id IS NULL AND a.expires_at IS NULL AND u.enabled`.execute(
    tx.sql,
  )
  return rows[0]?.is_one === true && rows[0].others === 0
}

/** What a user's own team is called. */
export function personalTeamName(email: string): string {
  return `${email.slice(0, 240)}'s team`
}
