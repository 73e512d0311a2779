import { doubtful, fine, wrong, type Finding } from '#/lib/finding.ts'
import type { PlainClient } from './client.ts'
import { row, withClient } from './examine-client.ts'
import { examinePooler } from './examine-pooler.ts'
import { examineRole } from './examine-role.ts'
import { migrationFiles } from './migration-files.ts'
import { appliedMigrations, compare } from './migrate.ts'
import { assertUsable } from './server-check.ts'
import { placeOf } from './place.ts'
import { messageOf } from './wait-for-database.ts'

export interface ExamineOptions {
  readonly url: string
  readonly directUrl: string | null
  readonly poolSize: number
  /** The one that we run ourselves: what its role may do and who stands before it is known. */
  readonly ours: boolean
}

/** Looks at a database as the gateway would use it, and changes nothing. */
export async function examineDatabase({ url, ours, ...options }: ExamineOptions): Promise<readonly Finding[]> {
  const at = placeOf(url)
  try {
    return await withClient(url, async (client) => {
      const version = await versionOf(client)
      return [
        fine('database', `PostgreSQL ${version} answers at ${at}`),
        ...(await usable(client)),
        await migrations(client),
        ...(ours ? [] : await examineRole(client)),
        await room(client, options.poolSize),
        await clock(client),
        ...(ours ? [] : await examinePooler({ url, directUrl: options.directUrl })),
      ]
    })
  } catch (error) {
    const advice =
      'start PostgreSQL, and check host, port, user, password and name in DATABASE_URL; unset, Causeway brings its own'
    return [wrong('database', `${at} does not let us in: ${messageOf(error)}`, advice)]
  }
}

async function versionOf(client: PlainClient): Promise<string> {
  return (await row<{ version: string }>(client, "SELECT current_setting('server_version') AS version")).version
}

async function usable(client: PlainClient): Promise<readonly Finding[]> {
  try {
    await assertUsable(client)
    return []
  } catch (error) {
    return [wrong('database', messageOf(error), 'Causeway does not start on it as it is')]
  }
}

async function migrations(client: PlainClient): Promise<Finding> {
  try {
    const applied = await appliedMigrations(client)
    const missing = compare(await migrationFiles(), applied)
    if (missing.length === 0) return fine('schema', `up to date: ${applied.length} migrations`)
    const what = applied.length === 0 ? 'empty' : `${missing.length} migrations behind`
    return fine('schema', `${what}; the next start brings it up to date`)
  } catch (error) {
    return wrong('schema', messageOf(error), 'nothing was changed')
  }
}

interface Room {
  readonly max: number
  readonly reserved: number
  readonly used: number
  readonly role_limit: number
  readonly database_limit: number
}

async function room(client: PlainClient, poolSize: number): Promise<Finding> {
  const { max, reserved, used, role_limit, database_limit } = await row<Room>(
    client,
    `SELECT current_setting('max_connections')::int AS max,
       current_setting('superuser_reserved_connections')::int AS reserved,
       (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
       (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_limit,
       (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database_limit`,
  )
  // One more listens, and one migrates.
  const wanted = poolSize + 2
  const allowed = Math.min(max - reserved, ...[role_limit, database_limit].filter((limit) => limit >= 0))
  const said = `this machine takes up to ${wanted} connections of ${allowed} (${used} are open now)`
  if (wanted > allowed)
    return wrong('connections', said, `lower DATABASE_POOL_SIZE below ${Math.max(1, allowed - 1)}, or raise the limit`)
  if (wanted * 2 > allowed)
    return doubtful('connections', said, 'with a second machine that is too many: mind DATABASE_POOL_SIZE')
  return fine('connections', said)
}

/** Expiry is decided by the database's clock, and log lines by ours. */
async function clock(client: PlainClient): Promise<Finding> {
  const asked = Date.now()
  const { ms } = await row<{ ms: string }>(client, 'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms')
  const passed = Date.now() - asked
  const ahead = Number(ms) - asked - passed / 2
  const said = `the database's clock is ${Math.abs(ahead / 1000).toFixed(1)} s ${ahead < 0 ? 'behind' : 'ahead of'} ours`
  if (Math.abs(ahead) <= 1_000 + passed) return fine('clock', "ours and the database's agree")
  const advice = 'let both machines take their time from NTP: tokens expire by the database’s clock'
  return Math.abs(ahead) > 60_000 ? wrong('clock', said, advice) : doubtful('clock', said, advice)
}
