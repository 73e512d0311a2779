import { sql } from 'kysely'
import type { UserId } from '#/access/ids.ts'
import type { WriteTx } from './store.ts'

/** What somebody who made an account by itself had of it, and has no more. */
export interface Withdrawn {
  readonly password: boolean
  readonly sessions: number
  readonly tokens: number
}

const WHY = 'the identity provider vouched for whose address this is'

/**
 * Nobody ever looked whether an address is whose who registered with it. Before somebody whom a provider vouches for comes in there,
 * whatever opened the account until now stops working. null: somebody else made it, or a provider has vouched for it before.
 */
export async function withdrawSelfMade(tx: WriteTx, userId: UserId): Promise<Withdrawn | null> {
  const { rows } = await sql<{ readonly email: string; readonly password: boolean }>`
    WITH self AS (
        SELECT id, email FROM users WHERE id = ${userId} AND enabled AND created ->> 'by' = email AND created -> 'vouched' IS NULL
           AND NOT EXISTS (SELECT 1 FROM user_identities WHERE user_id = ${userId}) FOR NO KEY UPDATE),
      password AS (DELETE FROM passwords WHERE user_id IN (SELECT id FROM self) RETURNING user_id),
      reset AS (DELETE FROM password_resets WHERE user_id IN (SELECT id FROM self))
    SELECT email, EXISTS (SELECT 1 FROM password) AS password FROM self`.execute(tx.sql)
  const [self] = rows
  if (self === undefined) return null
  const sessions = await lockSessions(tx, userId)
  const gone = await removeAll(tx, { userId, email: self.email, sessions })
  tx.changed('token', ...gone.map(({ token }) => token))
  const tokens = gone.filter(({ is_revoked: isRevoked }) => isRevoked).length
  return { password: self.password, sessions: sessions.length, tokens }
}

/** With the tokens: whoever is just now making one with another is waited for, and what it made is seen by the next statement. */
async function lockSessions(tx: WriteTx, userId: UserId): Promise<readonly string[]> {
  const { rows } = await sql<{ readonly id: string; readonly is_session: boolean }>`
    WITH held AS (SELECT id FROM sessions WHERE user_id = ${userId} ORDER BY id FOR UPDATE),
      own AS (SELECT id FROM tokens WHERE user_id = ${userId} ORDER BY id FOR UPDATE)
    SELECT id, true AS is_session FROM held UNION ALL SELECT id, false FROM own`.execute(tx.sql)
  return rows.filter(({ is_session: isSession }) => isSession).map(({ id }) => id)
}

interface Removal {
  readonly userId: UserId
  readonly email: string
  readonly sessions: readonly string[]
}

interface Gone {
  readonly token: string
  readonly is_revoked: boolean
}

async function removeAll(tx: WriteTx, { userId, email, sessions }: Removal): Promise<readonly Gone[]> {
  const { rows } = await sql<Gone>`
    WITH over AS (DELETE FROM sessions WHERE id = ANY(${sessions})),
      ended AS (DELETE FROM tokens WHERE session_id = ANY(${sessions}) RETURNING id),
      revoked AS (
        UPDATE tokens SET revoked_at = now(), revoked_by = ${email}, revocation_reason = ${WHY}, is_active = false,
               version = version + 1, updated_at = now()
         WHERE user_id = ${userId} AND session_id IS NULL AND revoked_at IS NULL RETURNING id)
    SELECT id AS token, false AS is_revoked FROM ended UNION ALL SELECT id, true FROM revoked`.execute(tx.sql)
  return rows
}
