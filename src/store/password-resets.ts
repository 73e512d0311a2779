import { sql, type RawBuilder } from 'kysely'
import type { UserId } from '#/access/ids.ts'
import type { Actor } from '#/api/actor.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { NewPassword } from '#/users/session.ts'
import { emailOf } from './audited.ts'
import { inMs } from './columns.ts'
import { endSessions } from './session-rows.ts'
import type { WriteTx } from './store.ts'

interface Reset {
  readonly userId: UserId
  readonly hash: Buffer
  readonly lifeMs: number
}

/**
 * Whatever opened the account before is worth nothing from here on. Answers until when the code is good. The code before it may be in
 * use at this moment: that is waited for, and what was chosen with it is gone as well.
 */
export async function openReset(tx: WriteTx, { userId, hash, lifeMs }: Reset, { by }: Actor): Promise<string> {
  const { rows } = await sql<{ readonly expires_at: Date; readonly email: string }>`
    INSERT INTO password_resets (user_id, hash, expires_at, made_by)
    SELECT id, ${hash}, ${inMs(lifeMs)}, ${by} FROM users WHERE id = ${userId}
    ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at, made_by = excluded.made_by
    RETURNING expires_at, ${emailOf('user_id')} AS email`.execute(tx.sql)
  const [row] = rows
  if (row === undefined) throw new GatewayError('not_found', 'User not found')
  await sql`DELETE FROM passwords WHERE user_id = ${userId}`.execute(tx.sql)
  await endSessions(tx, userId)
  const detail = { email: row.email, expiresAt: row.expires_at.toISOString() }
  tx.audit({ actor: by, action: 'password.reset', targetKind: 'user', targetId: userId, detail })
  return row.expires_at.toISOString()
}

/** False: the code is not good, or was used a moment ago. */
export async function useReset(tx: WriteTx, reset: Buffer, password: string): Promise<boolean> {
  const { rows } = await sql<{ readonly user_id: string; readonly email: string }>`
    WITH used AS (
        DELETE FROM password_resets AS r USING users AS u
         WHERE r.hash = ${reset} AND r.expires_at > now() AND u.id = r.user_id AND u.enabled RETURNING r.user_id, u.email),
      chosen AS (
        INSERT INTO passwords (user_id, hash) SELECT user_id, ${password} FROM used
        ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, must_change = false, changed_at = now())
    SELECT user_id, email FROM used`.execute(tx.sql)
  const [row] = rows
  if (row === undefined) return false
  await endSessions(tx, row.user_id as UserId)
  const { user_id: targetId, email } = row
  tx.audit({ actor: email, action: 'password.choose', targetKind: 'user', targetId, detail: { email } })
  return true
}

/** Parts of a WITH clause that give whoever `users` selects a password that somebody else chose for them. */
export function passwordFor(users: RawBuilder<unknown>, { hash, mustChange }: NewPassword): RawBuilder<unknown> {
  return sql`
    code AS (DELETE FROM password_resets WHERE user_id IN (${users})),
    password AS (
      INSERT INTO passwords (user_id, hash, must_change) SELECT id, ${hash}::text, ${mustChange}::boolean FROM (${users}) AS u
      ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, must_change = excluded.must_change, changed_at = now())`
}
