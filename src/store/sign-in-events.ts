import { sql, type RawBuilder } from 'kysely'
import type { SignInEvent, SignInEventKind, SignInEventPage, SignInEvents } from '#/users/sign-in-event.ts'
import { emailOf } from './audited.ts'
import { iso } from './columns.ts'
import type { Database } from './store.ts'

const SOURCE = 'sign-in-events'

/** Actions of the audit log that are events of an account; the index of `sql/0018` is over these. */
const KINDS = {
  'session.begin': 'login',
  'session.end': 'logout',
  'password.change': 'password_change',
  'password.reset': 'password_reset_requested',
  'password.choose': 'password_reset_completed',
  'users.create': 'registration',
  'users.unlock': 'account_unlocked',
} as const satisfies Record<string, SignInEventKind>

/** As words of the query: of a parameter the database does not know that the index has it. */
const ACTIONS = sql.raw(
  Object.keys(KINDS)
    .map((action) => `'${action}'`)
    .join(', '),
)

interface Row {
  readonly id: number
  readonly at: string
  /** null: a sign-in that failed. */
  readonly action: keyof typeof KINDS | null
  readonly email: string | null
  readonly from_ip: string | null
  readonly failure: string | null
  readonly times: number
}

/** Events of accounts in PostgreSQL: what was done is in the audit log, what failed in the security log. */
export function signInEvents(db: Database): SignInEvents {
  return {
    page: async (page) => {
      const rows = await db
        .read(SOURCE)
        .selectFrom(sql<Row>`(${done(page)} UNION ALL ${failed(page)})`.as('e'))
        .selectAll()
        .orderBy('at', 'desc')
        .orderBy('id', 'desc')
        .limit(page.limit)
        .offset(page.offset)
        .execute()
      return rows.map(eventOf)
    },
  }
}

/** Whoever makes a user for somebody else registers nobody. Of two logs, the numbers of one are even and of the other odd. */
function done({ userId, limit, offset }: SignInEventPage): RawBuilder<Row> {
  return sql<Row>`(
    SELECT seq * 2 AS id, ${iso('a.at')} AS at, action, coalesce(${emailOf('a.target_id')}, detail::json ->> 'email') AS email,
      detail::json ->> 'fromIp' AS from_ip, NULL AS failure, 1 AS times
      FROM audit_log AS a
     WHERE action IN (${ACTIONS}) AND (${userId}::text IS NULL OR target_id = ${userId})
       AND (action <> 'users.create' OR actor = detail::json ->> 'email')
     ORDER BY seq DESC LIMIT ${limit + offset})`
}

function failed({ userId, limit, offset }: SignInEventPage): RawBuilder<Row> {
  return sql<Row>`(
    SELECT n * 2 + 1, ${iso('s.last_at')}, NULL, ${emailOf('s.user_id')}, network, why, times
      FROM security_log AS s
     WHERE kind = 'sign_in_failed' AND (${userId}::text IS NULL OR user_id = ${userId})
     ORDER BY n DESC LIMIT ${limit + offset})`
}

function eventOf({ id, at, action, email, from_ip: fromIp, failure, times }: Row): SignInEvent {
  return { id, at, kind: action === null ? 'login' : KINDS[action], email, fromIp, failure, times }
}
