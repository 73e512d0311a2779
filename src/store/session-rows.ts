import { sql } from 'kysely'
import type { TokenId, UserId } from '#/access/ids.ts'
import type { Database, WriteTx } from './store.ts'

interface Ended {
  readonly token: string | null
}

/** Ends every session of a user. A statement of its own after what is the reason for it, so that it sees what began meanwhile. */
export async function endSessions(tx: WriteTx, userId: UserId): Promise<void> {
  const { rows } = await sql<Ended>`
    WITH over AS (DELETE FROM sessions WHERE user_id = ${userId} RETURNING id)
    SELECT t.id AS token FROM over LEFT JOIN tokens AS t ON t.session_id = over.id`.execute(tx.sql)
  announce(tx, rows)
}

/** Ends the session that a token is of. False: it is none's. */
export async function endSession(tx: WriteTx, tokenId: TokenId): Promise<boolean> {
  const { rows } = await sql<Ended & { readonly session: string; readonly user_id: string; readonly email: string }>`
    WITH over AS (
      DELETE FROM sessions AS s USING tokens AS own WHERE own.id = ${tokenId} AND s.id = own.session_id
      RETURNING s.id, s.user_id)
    SELECT t.id AS token, over.id AS session, over.user_id, u.email
      FROM over JOIN users AS u ON u.id = over.user_id LEFT JOIN tokens AS t ON t.session_id = over.id`.execute(tx.sql)
  const [row] = rows
  if (row === undefined) return false
  announce(tx, rows)
  const detail = { session: row.session }
  tx.audit({ actor: row.email, action: 'session.end', targetKind: 'user', targetId: row.user_id, detail })
  return true
}

function announce(tx: WriteTx, rows: readonly Ended[]): void {
  tx.changed('token', ...rows.flatMap(({ token }) => (token === null ? [] : [token])))
}

const SLICE = 1_000

/** Sessions and tokens of sessions that are over, a slice at a time. Answers how many are gone. */
export async function forgetSessions(db: Database): Promise<number> {
  const { value } = await db.write('sign-in', async (tx) => {
    const { rows } = await sql<{ readonly token: string }>`
      DELETE FROM tokens WHERE id IN (
        SELECT id FROM tokens WHERE session_id IS NOT NULL AND expires_at < now() LIMIT ${SLICE}) RETURNING id AS token`.execute(
      tx.sql,
    )
    await sql`DELETE FROM sessions WHERE ends_at < now() AND NOT EXISTS (
      SELECT 1 FROM tokens WHERE session_id = sessions.id)`.execute(tx.sql)
    await sql`DELETE FROM password_resets WHERE expires_at < now()`.execute(tx.sql)
    announce(tx, rows)
    return rows.length
  })
  return value
}
