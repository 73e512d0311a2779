import { sql, type RawBuilder } from 'kysely'
import type { ClientNetwork } from '#/access/client-network.ts'
import type { UserId } from '#/access/ids.ts'
import type { Guess } from '#/users/session.ts'
import { isoOrNull } from './columns.ts'
import { emailKeyOf, hasEmail } from './email-keys.ts'
import type { Database } from './store.ts'

/** What is counted of a guess, and what it costs: so many are free, then guessing pauses for 1, 2, 4 … seconds, at most so many. */
const LEVELS = [
  /** At one account, from everywhere. Closes nothing: who wants to lock somebody out would only have to guess. */
  { level: 0, free: 1_000_000_000, longest: 0 },
  /** At one account, from one network. */
  { level: 1, free: 5, longest: 900 },
  /** At one account, from the networks around. Short, because neighbours are strangers. */
  { level: 2, free: 20, longest: 60 },
  /** At all accounts, from one network. */
  { level: 3, free: 40, longest: 300 },
] as const

/** What was counted so long ago is forgotten. */
const WINDOW = sql`interval '1 hour'`
/** While many guess at one account, each network has fewer guesses there: one less of the free ones for so many. */
const MANY = 10

/** As it is stored: nobody reads from it whose address was tried. */
export function accountOf(email: RawBuilder<unknown>): RawBuilder<Buffer> {
  return sql<Buffer>`sha256(convert_to(${emailKeyOf(email)}, 'UTF8'))`
}

/**
 * Counts a guess in one statement, so that any number at once are counted one by one; where guessing is closed it counts nothing.
 * Whether there is such a user makes no difference to it. email null: at no account, so that the network alone is counted.
 */
export async function countGuess(db: Database, email: string | null, where: ClientNetwork): Promise<Guess> {
  const { rows } = await db.statement<Row>('sign-in', () => {
    const account = accountOf(sql`${email}::text`)
    return sql<Row>`
      WITH asked AS (
          SELECT * FROM (VALUES (${account}, '', 0), (${account}, ${where.network}, 1),
            (${account}, ${where.neighbourhood}, 2), (''::bytea, ${where.network}, 3)) AS a (account, network, level)
           WHERE account IS NOT NULL),
        closed AS (
          SELECT max(f.blocked_until) AS until FROM sign_in_failures AS f JOIN asked USING (account, network)
           WHERE f.blocked_until > now()),
        many AS (
          SELECT coalesce(max(failures), 0) / ${MANY}::int AS less FROM sign_in_failures
           WHERE account = ${account} AND network = '' AND last_at > now() - ${WINDOW}),
        counted AS (
          INSERT INTO sign_in_failures AS f (account, network, level, failures)
          SELECT account, network, level, 1 FROM asked WHERE (SELECT until FROM closed) IS NULL ORDER BY account, network
          ON CONFLICT (account, network) DO UPDATE
             SET failures = ${NOW_FAILED}, last_at = now(), blocked_until = ${pauseAfter(NOW_FAILED)}
           WHERE f.blocked_until IS NULL OR f.blocked_until <= now()
          RETURNING level)
      SELECT (extract(epoch FROM (SELECT until FROM closed) - now()) * 1000)::int AS closed_ms,
             (SELECT count(*) FROM counted)::int AS counted,
             u.id, u.email, u.enabled, p.hash, ${isoOrNull('p.changed_at')} AS chosen_at, p.must_change
        FROM (SELECT 1) AS always
        LEFT JOIN users AS u ON ${hasEmail('u.email', email)} AND u.kind = 'person'
        LEFT JOIN passwords AS p ON p.user_id = u.id`
  })
  return guessOf(rows[0], email === null ? 1 : LEVELS.length)
}

/** How long what comes from a network is not looked at, whatever account it is about; null: it is. */
export async function closedForMs(db: Database, { network }: ClientNetwork): Promise<number | null> {
  const { rows } = await db.statement<{ readonly closed_ms: number | null }>(
    'sign-in',
    () => sql`
      SELECT (extract(epoch FROM max(blocked_until) - now()) * 1000)::int AS closed_ms FROM sign_in_failures
       WHERE account = ''::bytea AND network = ${network} AND blocked_until > now()`,
  )
  return rows[0]?.closed_ms ?? null
}

const NOW_FAILED = sql`(CASE WHEN f.last_at > now() - ${WINDOW} THEN f.failures + 1 ELSE 1 END)`

function pauseAfter(failed: RawBuilder<unknown>): RawBuilder<unknown> {
  const column = (name: 'free' | 'longest') =>
    sql`(ARRAY[${sql.join(LEVELS.map((row) => sql.lit(row[name])))}])[f.level + 1]`
  const free = sql`(CASE WHEN f.level = 1 THEN greatest(1, ${column('free')} - (SELECT less FROM many)) ELSE ${column('free')} END)`
  const seconds = sql`least(${column('longest')}, 2 ^ least(${failed} - ${free} - 1, 20))`
  return sql`CASE WHEN ${failed} > ${free} THEN now() + ${seconds} * interval '1 second' END`
}

interface Row {
  readonly closed_ms: number | null
  readonly counted: number
  readonly id: string | null
  readonly email: string | null
  readonly enabled: boolean | null
  readonly hash: string | null
  readonly chosen_at: string | null
  readonly must_change: boolean | null
}

/** Another guess was counted first and closed the door. */
const JUST_CLOSED_MS = 1_000

function guessOf(row: Row | undefined, levels: number): Guess {
  if (row === undefined) throw new TypeError('a guess was not counted')
  const { closed_ms: closed, counted, id, email, enabled, hash, chosen_at: chosenAt, must_change: mustChange } = row
  if (closed !== null || counted < levels) return { closedForMs: closed ?? JUST_CLOSED_MS, subject: undefined }
  if (id === null || email === null) return { closedForMs: null, subject: undefined }
  const isEnabled = enabled === true
  const subject = { userId: id as UserId, email, enabled: isEnabled, hash, chosenAt, mustChange: mustChange === true }
  return { closedForMs: null, subject }
}

/** It was right: what it was counted as is taken back, and at this account nothing is held against this network. */
export function forgiveGuess(email: string, { network, neighbourhood }: ClientNetwork): RawBuilder<unknown> {
  const account = accountOf(sql`${email}::text`)
  return sql`
    WITH mine AS (
      SELECT account, network FROM sign_in_failures
       WHERE (account = ${account} AND network IN ('', ${network}, ${neighbourhood})) OR (account = '' AND network = ${network})
       ORDER BY account, network FOR UPDATE)
    UPDATE sign_in_failures SET blocked_until = NULL, failures = CASE WHEN level = 1 THEN 0 ELSE greatest(failures - 1, 0) END
     WHERE (account, network) IN (SELECT account, network FROM mine)`
}

/** Guesses that nobody counts any more. Answers how many are gone. */
export async function forgetGuesses(db: Database): Promise<number> {
  const { count } = await db.statement(
    'sign-in',
    () =>
      sql`DELETE FROM sign_in_failures WHERE last_at < now() - ${WINDOW} AND coalesce(blocked_until, now()) <= now()`,
  )
  return count
}
