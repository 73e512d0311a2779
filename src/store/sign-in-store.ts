import { sql, type RawBuilder } from 'kysely'
import type { TokenId, UserId } from '#/access/ids.ts'
import type { Changed } from '#/api/actor.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { NewSession, Refreshed, SignInStore, Subject } from '#/users/session.ts'
import { inMs, iso, isoOrNull } from './columns.ts'
import { beginSession, endOldestSessions, endSession, endSessions, sessionTokenName } from './session-rows.ts'
import { accountOf, countGuess, forgiveGuess } from './sign-in-guesses.ts'
import { openReset, useReset } from './password-resets.ts'
import type { Database, WriteTx } from './store.ts'
import { live } from './token-rows.ts'

const SOURCE = 'sign-in'

/** Sign-in, sessions and passwords in PostgreSQL. */
export function signInStore(db: Database): SignInStore {
  const read = db.read(SOURCE)
  return {
    guess: (email, network) => countGuess(db, email, network),
    forgive: async (email, network) => {
      await db.statement(SOURCE, () => forgiveGuess(email, network))
    },
    begin: (session) => written(db, (tx) => begin(tx, session)),
    kindOf: async (tokenId) => {
      const row = await read
        .selectFrom('tokens as t')
        .leftJoin('sessions as s', 's.id', 't.session_id')
        .select(['s.provider', isoOrNull('t.expires_at').as('expires_at')])
        .where('t.id', '=', tokenId)
        .executeTakeFirst()
      return row && { provider: row.provider, expiresAt: row.expires_at }
    },
    refresh: async (tokenId, next) => {
      const { value, seq } = await db.write(SOURCE, (tx) => refresh(tx, tokenId, next))
      return value && { seq, ...value }
    },
    end: (tokenId) => written(db, (tx) => endSession(tx, tokenId)),
    changePassword: async (subject, hash) => {
      const { value: chosenAt, seq } = await db.write(SOURCE, (tx) => changePassword(tx, subject, hash))
      return chosenAt === undefined ? undefined : { seq, chosenAt }
    },
    openReset: async (userId, reset, actor) => {
      const { value, seq } = await db.write(SOURCE, (tx) => openReset(tx, { userId, ...reset }, actor))
      return { seq, expiresAt: value }
    },
    resetFor: async (hash) => {
      const row = await read
        .selectFrom('password_resets as r')
        .innerJoin('users as u', 'u.id', 'r.user_id')
        .select(['u.id', 'u.email'])
        .where('r.hash', '=', hash)
        .where('r.expires_at', '>', sql<Date>`now()`)
        .where('u.enabled', '=', true)
        .executeTakeFirst()
      return row && { userId: row.id as UserId, email: row.email }
    },
    useReset: (reset, password) => written(db, (tx) => useReset(tx, reset, password)),
    unlock: async ({ id, email }, { by }) => {
      await db.write(SOURCE, async (tx) => {
        await sql`DELETE FROM sign_in_failures WHERE account = ${accountOf(sql`${email}::text`)}`.execute(tx.sql)
        tx.audit({ actor: by, action: 'users.unlock', targetKind: 'user', targetId: id, detail: { email } })
      })
    },
  }
}

async function written(db: Database, work: (tx: WriteTx) => Promise<boolean>): Promise<Changed | undefined> {
  const { value, seq } = await db.write(SOURCE, work)
  return value ? { seq } : undefined
}

/** Locks what it was decided on: a user that is disabled and a password that is changed meanwhile are seen here, or see this session. */
async function begin(tx: WriteTx, session: NewSession): Promise<boolean> {
  const { id, tokenId, subject, rehashed, network, fromIp } = session
  const { rows } = await sql`
    WITH who AS (
        SELECT u.id FROM users AS u JOIN passwords AS p ON p.user_id = u.id
         WHERE u.id = ${subject.userId} AND u.enabled AND p.changed_at = ${subject.chosenAt}::timestamptz
           FOR NO KEY UPDATE),
      better AS (
        UPDATE passwords SET hash = coalesce(${rehashed}::text, hash)
         WHERE user_id IN (SELECT id FROM who) AND hash = ${subject.hash} AND ${rehashed}::text IS NOT NULL),
      ${beginSession(session, 'local')}
    SELECT id FROM who`.execute(tx.sql)
  if (rows.length === 0) return false
  await forgiveGuess(subject.email, network).execute(tx.sql)
  await endOldestSessions(tx, subject.userId)
  tx.changed('token', tokenId)
  const detail = { email: subject.email, session: id, provider: 'local', fromIp }
  tx.audit({ actor: subject.email, action: 'session.begin', targetKind: 'user', targetId: subject.userId, detail })
  return true
}

/** Of one session at a time, each of which every worker knows. */
const MOST_TOKENS = 10
const liveOf = (session: RawBuilder<unknown>) =>
  sql<number>`(SELECT count(*) FROM tokens AS l WHERE l.session_id = ${session} AND l.expires_at > now())`

async function refuseWhereFull(tx: WriteTx, tokenId: TokenId): Promise<void> {
  const { rows } = await sql<{ readonly count: number }>`
    SELECT ${liveOf(sql`t.session_id`)}::int AS count FROM tokens AS t WHERE t.id = ${tokenId}`.execute(tx.sql)
  if ((rows[0]?.count ?? 0) < MOST_TOKENS) return
  const message = `this session has ${MOST_TOKENS} tokens that are good, the most that it may: use the newest of them`
  throw new GatewayError('overloaded', message, { retryAfter: 60 })
}

async function refresh(
  tx: WriteTx,
  tokenId: TokenId,
  { id, secret, lifeMs }: Parameters<SignInStore['refresh']>[1],
): Promise<Pick<Refreshed, 'lifeMs'> | undefined> {
  const { rows } = await sql<{ readonly life_ms: number }>`
    INSERT INTO tokens (id, user_id, session_id, name, hash, hint, expires_at)
    SELECT ${id}, s.user_id, s.id, ${sessionTokenName(id)}, ${secret.hash}, ${secret.hint}, least(${inMs(lifeMs)}, s.ends_at)
      FROM tokens AS t JOIN sessions AS s ON s.id = t.session_id JOIN users AS u ON u.id = s.user_id
     WHERE t.id = ${tokenId} AND ${live('t')} AND s.ends_at > now() AND u.enabled AND ${liveOf(sql`s.id`)} < ${MOST_TOKENS}
       FOR SHARE OF s
    RETURNING (extract(epoch FROM expires_at - now()) * 1000)::int AS life_ms`.execute(tx.sql)
  const [row] = rows
  if (row === undefined) {
    await refuseWhereFull(tx, tokenId)
    return undefined
  }
  tx.changed('token', id)
  return { lifeMs: row.life_ms }
}

/** Answers when it was chosen. */
async function changePassword(tx: WriteTx, subject: Subject, hash: string): Promise<string | undefined> {
  const { userId, email, chosenAt } = subject
  const { rows } = await sql<{ readonly chosen_at: string }>`
    UPDATE passwords SET hash = ${hash}, must_change = false, changed_at = now()
     WHERE user_id = ${userId} AND changed_at = ${chosenAt}::timestamptz RETURNING ${iso('changed_at')} AS chosen_at`.execute(
    tx.sql,
  )
  if (rows[0] === undefined) return undefined
  await endSessions(tx, userId)
  tx.audit({ actor: email, action: 'password.change', targetKind: 'user', targetId: userId, detail: { email } })
  return rows[0].chosen_at
}
