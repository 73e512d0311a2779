import { sql, type RawBuilder } from 'kysely'
import type { TokenId, UserId } from '#/access/ids.ts'
import type { FreshSession } from '#/users/session.ts'
import { inMs } from './columns.ts'
import type { Database, WriteTx } from './store.ts'

/**
 * Ends every session of a user. Statements of their own after what is the reason for it, so that they see what began meanwhile. A token
 * that is being added to a session is waited for: whoever knows it is to hear that it is gone.
 */
export async function endSessions(tx: WriteTx, userId: UserId): Promise<void> {
  const { rows } = await sql<{ readonly id: string }>`
    SELECT id FROM sessions WHERE user_id = ${userId} ORDER BY id FOR UPDATE`.execute(tx.sql)
  if (rows.length > 0) await removeLocked(tx, rows)
}

/** Parts of a WITH clause that begin a session of whoever stands in its part `who`. */
export function beginSession(
  { id, tokenId, secret, lifeMs, totalMs, fromIp, userAgent }: FreshSession,
  provider: 'local' | 'sso',
): RawBuilder<unknown> {
  return sql`
    seen AS (UPDATE users SET last_login_at = now() WHERE id IN (SELECT id FROM who)),
    begun AS (
      INSERT INTO sessions (id, user_id, ends_at, provider, from_ip, user_agent)
      SELECT ${id}, id, ${inMs(totalMs)}, ${provider}, ${fromIp}::text, ${userAgent}::text FROM who),
    token AS (
      INSERT INTO tokens (id, user_id, session_id, name, hash, hint, expires_at)
      SELECT ${tokenId}, id, ${id}, ${sessionTokenName(tokenId)}, ${secret.hash}, ${secret.hint}, ${inMs(lifeMs)} FROM who)`
}

/** What the unique names of a user's tokens ask for. */
export const sessionTokenName = (tokenId: TokenId): string => `session ${tokenId}`

/** Of one user at a time: each has tokens that every worker knows. */
export const MOST_SESSIONS = 100

/** Ends the oldest sessions of a user that has too many. Whoever begins one holds on to the user, so they are counted one by one. */
export async function endOldestSessions(tx: WriteTx, userId: UserId): Promise<void> {
  const { rows } = await sql<{ readonly id: string }>`
    SELECT id FROM sessions WHERE id IN (
      SELECT id FROM sessions WHERE user_id = ${userId} ORDER BY started_at DESC, id DESC OFFSET ${MOST_SESSIONS})
    ORDER BY id FOR UPDATE`.execute(tx.sql)
  if (rows.length > 0) await removeLocked(tx, rows)
}

/** Ends the session that a token is of. False: it is none's. */
export async function endSession(tx: WriteTx, tokenId: TokenId): Promise<boolean> {
  const { rows } = await sql<{ readonly id: string; readonly user_id: string; readonly email: string }>`
    SELECT s.id, s.user_id, u.email
      FROM tokens AS own JOIN sessions AS s ON s.id = own.session_id JOIN users AS u ON u.id = s.user_id
     WHERE own.id = ${tokenId} FOR UPDATE OF s`.execute(tx.sql)
  const [row] = rows
  if (row === undefined) return false
  await removeLocked(tx, rows)
  const detail = { email: row.email, session: row.id }
  tx.audit({ actor: row.email, action: 'session.end', targetKind: 'user', targetId: row.user_id, detail })
  return true
}

/** The tokens are read by a statement that begins when the sessions are locked: one that was committed a moment before is among them. */
export async function removeLocked(tx: WriteTx, sessions: readonly { readonly id: string }[]): Promise<void> {
  const ids = sessions.map(({ id }) => id)
  const { rows } = await sql<Ended>`
    WITH over AS (DELETE FROM sessions WHERE id = ANY(${ids}))
    DELETE FROM tokens WHERE session_id = ANY(${ids}) RETURNING id AS token`.execute(tx.sql)
  announce(tx, rows)
}

interface Ended {
  readonly token: string
}

function announce(tx: WriteTx, rows: readonly Ended[]): void {
  tx.changed('token', ...rows.map(({ token }) => token))
}

const SLICE = 1_000

/** Sessions and tokens of sessions that are over, a slice at a time. Answers how many are gone. */
export async function forgetSessions(db: Database): Promise<number> {
  const { value } = await db.write('sign-in', async (tx) => {
    const { rows } = await sql<Ended>`
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

/** What is remembered of sign-ins that are over, each slice by itself: strangers make these rows, and may have made very many. */
export async function forgetLogins(db: Database, signal: AbortSignal): Promise<number> {
  let gone = 0
  for (let more = true; more && !signal.aborted;) {
    const { count } = await db.statement(
      'sign-in',
      () =>
        sql`DELETE FROM used_logins WHERE login IN (SELECT login FROM used_logins WHERE ends_at < now() LIMIT ${SLICE})`,
    )
    gone += count
    more = count === SLICE
  }
  return gone
}
