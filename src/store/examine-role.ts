import { doubtful, fine, wrong, type Finding } from '#/lib/finding.ts'
import type { PlainClient } from './client.ts'
import { row } from './examine-client.ts'

interface Role {
  readonly name: string
  readonly is_super: boolean
  readonly schema: string | null
  readonly creates: boolean
  readonly owns: boolean
  readonly statement_timeout: string
  readonly idle_in_transaction: string
  readonly idle_session: string
  readonly lock_timeout: string
  readonly transaction_timeout: string
}

/** What the role may do, and what the server has decided about its statements. */
export async function examineRole(client: PlainClient): Promise<readonly Finding[]> {
  const setting = (name: string): string => `coalesce(current_setting('${name}', true), '0')`
  const role = await row<Role>(
    client,
    `SELECT current_user AS name, rolsuper AS is_super, current_schema() AS schema,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS creates,
       NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = to_regnamespace(current_schema())
         AND c.relname = 'schema_migrations' AND NOT pg_has_role(c.relowner, 'USAGE')) AS owns,
       ${setting('statement_timeout')} AS statement_timeout, ${setting('lock_timeout')} AS lock_timeout,
       ${setting('idle_in_transaction_session_timeout')} AS idle_in_transaction,
       ${setting('idle_session_timeout')} AS idle_session, ${setting('transaction_timeout')} AS transaction_timeout
     FROM pg_roles WHERE rolname = current_user`,
  )
  return [rights(role), limits(role)]
}

function rights({ name, is_super: isSuper, schema, creates, owns }: Role): Finding {
  if (!creates || !owns) {
    const what = creates ? `the tables belong to another role than ${name}` : `${name} may not create tables here`
    const advice = creates
      ? `let DATABASE_URL name the role that owns them, or make ${name} a member of it`
      : `GRANT CREATE ON SCHEMA ${schema ?? 'public'} TO ${name}; the start and each new version need it`
    return wrong('role', what, advice)
  }
  return fine('role', `${name} may do what is needed${isSuper ? ' (it is a superuser; less would do)' : ''}`)
}

/** Seconds of a setting such as `30s`, `5min` or `0`. */
function secondsOf(text: string): number {
  const [, count = '0', unit = 'ms'] = /^(\d+)\s*(us|ms|s|min|h|d)?$/.exec(text) ?? []
  return Number(count) * ({ us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86_400 }[unit] ?? 1)
}

/** What the gateway asks of a transaction: a write is given up after this long by itself. */
const WRITE_SECONDS = 10

function limits(role: Role): Finding {
  const { statement_timeout, idle_in_transaction, idle_session, lock_timeout, transaction_timeout } = role
  const told = { statement_timeout, idle_in_transaction, idle_session, lock_timeout, transaction_timeout }
  const shown = Object.entries(told)
    .map(([name, value]) => `${name} ${secondsOf(value) === 0 ? 'unlimited' : value}`)
    .join(', ')
  const short = [statement_timeout, lock_timeout, transaction_timeout, idle_in_transaction]
    .map(secondsOf)
    .some((seconds) => seconds > 0 && seconds < WRITE_SECONDS)
  if (short)
    return doubtful(
      'limits',
      `${shown}: shorter than the ${WRITE_SECONDS} s that a write may take`,
      `raise them: ALTER ROLE ${role.name} SET statement_timeout = '30s'`,
    )
  if (secondsOf(idle_session) > 0)
    return doubtful(
      'limits',
      `${shown}: idle connections are cut off, and made again`,
      `ALTER ROLE ${role.name} SET idle_session_timeout = 0`,
    )
  if (secondsOf(statement_timeout) === 0)
    return fine('limits', `${shown}; ALTER ROLE ${role.name} SET statement_timeout = '30s' is a second net under ours`)
  return fine('limits', shown)
}
