import { sql, type RawBuilder } from 'kysely'
import { PLATFORM_ADMIN_ROLE, type UserId } from '#/access/ids.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
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
  const { rows } = await sql<{ readonly is_last: boolean }>`SELECT ${lastAdministrator(id)} AS is_last`.execute(tx.sql)
  return rows[0]?.is_last === true
}

/** The same as it is at the moment: somebody else may take it from another before this one does. */
export function lastAdministrator(id: UserId): RawBuilder<boolean> {
  return sql<boolean>`(SELECT coalesce(bool_or(u.id = ${id}), false) AND bool_and(u.id = ${id})
    FROM role_assignments AS a JOIN users AS u ON u.id = a.user_id
   WHERE a.role_id = ${PLATFORM_ADMIN_ROLE} AND a.team_id IS NULL AND a.expires_at IS NULL AND u.enabled)`
}

/** What a user's own team is called. */
export function personalTeamName(email: string): string {
  return `${email.slice(0, 240)}'s team`
}

export function ownTeamUsed(cause?: unknown): GatewayError {
  const message = "the user's personal team has things: move or delete them first, or disable the user"
  return new GatewayError('conflict', message, { cause })
}
