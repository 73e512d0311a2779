import { escapeLiteral } from 'pg'
import { databaseError, sqlState } from './errors.ts'
import type { StoreLog } from './log.ts'
import { migrationFiles, type MigrationFile } from './migration-files.ts'
import { assertUsable } from './server-check.ts'
import { StartError } from '#/errors/start-error.ts'
import { pause } from '#/lib/backoff.ts'
import { connectWhenThere } from './wait-for-database.ts'
import type { PlainClient } from './client.ts'

export interface MigrateOptions {
  readonly url: string
  readonly log: StoreLog
  /** Ends the wait for a database that is away. */
  readonly signal: AbortSignal
  /** Other than the ones of this code: for tests. */
  readonly files?: readonly MigrationFile[]
}

export interface Migrated {
  /** Names of the files that this process applied. */
  readonly applied: readonly string[]
}

const SOURCE = "/*source='migrate'*/ "
/** Any constant will do: it names this lock among the advisory locks of one database. */
export const MIGRATION_LOCK = 4_817_200_611

/** Whoever has applied a file so shortly ago goes on with the next; later it must have died. */
const AT_IT_SECONDS = 5
const LOOK_AGAIN_MS = 100

/**
 * Brings the database to this code's schema: forward only, one transaction per file. Any number of processes may start at once:
 * the lock belongs to the transaction, so it also holds behind a pooler, and who has applied the first file applies the others,
 * too. Waits for a database that is away.
 * Throws StartError with a sentence that says what to do.
 */
export async function migrate({ url, log, signal, files }: MigrateOptions): Promise<Migrated> {
  const wanted = files ?? (await migrationFiles())
  const client = await connectWhenThere({ url, log, signal })
  try {
    await assertUsable(client)
    const applied: string[] = []
    let isNew: boolean | undefined
    while (!signal.aborted) {
      const before = await appliedMigrations(client)
      isNew ??= before.length === 0
      const next = compare(wanted, before)[0]
      if (next === undefined) return { applied }
      if (before.some(({ name, isFresh }) => isFresh && !applied.includes(name))) {
        await pause(LOOK_AGAIN_MS, signal).catch(() => undefined)
        continue
      }
      if (!(await applyOne(client, next, log))) continue
      applied.push(next.name)
      // That a new database gets its tables is no news; that an old one changes is.
      if (!isNew) log.info({ event: 'database.migrated', file: next.name }, 'applied a migration')
    }
    throw new StartError('the start was stopped while it migrated the database')
  } catch (error) {
    throw error instanceof StartError ? error : startError(error)
  } finally {
    await client.end().catch(() => undefined)
  }
}

interface Applied {
  readonly name: string
  readonly checksum: string
  /** Somebody may still be at it. */
  readonly isFresh: boolean
}

export async function appliedMigrations(client: PlainClient): Promise<readonly Applied[]> {
  const table = await client.query<{ found: boolean }>(
    `${SOURCE}SELECT to_regclass('schema_migrations') IS NOT NULL AS found`,
  )
  if (table.rows[0]?.found !== true) return []
  const { rows } = await client.query<Applied>(
    `${SOURCE}SELECT name, checksum, applied_at > clock_timestamp() - interval '${AT_IT_SECONDS} seconds' AS "isFresh"
     FROM schema_migrations ORDER BY name`,
  )
  return rows
}

/** What is still to be applied. Throws where the database and this code do not belong together. */
export function compare(
  wanted: readonly MigrationFile[],
  applied: readonly Pick<Applied, 'name' | 'checksum'>[],
): readonly MigrationFile[] {
  const known = new Map(wanted.map((file) => [file.name, file]))
  const done = new Set<string>()
  for (const { name, checksum } of applied) {
    const file = known.get(name)
    if (file === undefined) {
      throw new StartError(
        `the database is newer than this version of Causeway: it has ${name}. Start the version that made it, or a later one`,
      )
    }
    if (file.checksum !== checksum) {
      throw new StartError(
        `sql/${name} is not the file that made this database (its checksum changed). Restore the released file; a change of the schema is a new file`,
      )
    }
    done.add(name)
  }
  return wanted.filter(({ name }) => !done.has(name))
}

/** Applies one file unless another process did meanwhile; false: look again. */
async function applyOne(client: PlainClient, file: MigrationFile, log: StoreLog): Promise<boolean> {
  try {
    await client.query(`${SOURCE}BEGIN; SET LOCAL lock_timeout = '5s'; SELECT pg_advisory_xact_lock(${MIGRATION_LOCK});
      CREATE TABLE IF NOT EXISTS schema_migrations (
        name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`)
    if ((await appliedMigrations(client)).some(({ name }) => name === file.name)) {
      await client.query('COMMIT')
      return false
    }
    await client.query(`${SOURCE}SET LOCAL lock_timeout = 0; ${file.sql};
      INSERT INTO schema_migrations (name, checksum, applied_at)
      VALUES (${escapeLiteral(file.name)}, ${escapeLiteral(file.checksum)}, clock_timestamp()); COMMIT`)
    return true
  } catch (error) {
    await client.query('ROLLBACK')
    if (sqlState(error) !== '55P03') throw error
    log.info({ event: 'database.migration_waits' }, 'another process is migrating the database; waiting for it')
    return false
  }
}

function startError(error: unknown): StartError {
  const { message } = databaseError(error)
  const detail = error instanceof Error ? error.message : 'no detail'
  return new StartError(`the database could not be migrated: ${message} (${detail})`, { cause: error })
}
