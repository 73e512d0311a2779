import { escapeIdentifier } from 'pg'
import type { Rows, TableShape } from '#/backup/archive.ts'
import { StartError } from '#/errors/start-error.ts'
import { archivedTables, SOURCE } from './archive-tables.ts'
import { clientConfig, PlainClient } from './client.ts'
import { migrationFiles } from './migration-files.ts'

/** Every row of the database as it was at one moment. */
export interface Dump extends AsyncDisposable {
  readonly migrations: readonly { readonly name: string; readonly checksum: string }[]
  readonly postgres: string
  readonly tables: readonly TableShape[]
  rows(): AsyncGenerator<Rows>
}

/** What is fetched at once: about this many bytes, however long a row is. */
const SLICE_BYTES = 2 << 20
const MOST_ROWS = 10_000

/**
 * Reads the database in one transaction on a connection of its own: whatever others do meanwhile, all rows are of one moment. Nobody
 * waits for it, and it works behind a pooler, because everything is a matter of the transaction.
 */
export async function openDump(url: string): Promise<Dump> {
  await using building = new AsyncDisposableStack()
  const client = new PlainClient({ ...clientConfig(url), connectionTimeoutMillis: 5_000 })
  // A server that goes away later is reported by the next statement.
  client.on('error', () => undefined)
  building.defer(() => client.end())
  await client.connect()
  await client.query(`${SOURCE}BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1`)
  const migrations = await appliedMigrations(client)
  const { rows } = await client.query<{ readonly v: string }>(`${SOURCE}SELECT current_setting('server_version') AS v`)
  const tables = await archivedTables(client)
  const owned = building.move()
  return {
    migrations,
    tables,
    postgres: rows[0]?.v ?? '',
    rows: () => allRows(client, tables),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A database that another version made is archived by that one: it knows what its rows mean. */
async function appliedMigrations(client: PlainClient): Promise<Dump['migrations']> {
  const { rows: found } = await client.query<{ readonly there: boolean }>(
    `${SOURCE}SELECT to_regclass('schema_migrations') IS NOT NULL AS there`,
  )
  if (found[0]?.there !== true)
    throw new StartError('the database holds nothing of Causeway: check DATABASE_URL, or start the gateway once')
  const { rows } = await client.query<{ readonly name: string; readonly checksum: string }>(
    `${SOURCE}SELECT name, checksum FROM schema_migrations ORDER BY name`,
  )
  const ours = new Set((await migrationFiles()).map(({ name }) => name))
  const strange = rows.find(({ name }) => !ours.has(name))
  if (strange !== undefined)
    throw new StartError(
      `the database is newer than this version of Causeway (it has ${strange.name}): make the backup with the version that runs on it`,
    )
  return rows
}

async function* allRows(client: PlainClient, tables: readonly TableShape[]): AsyncGenerator<Rows> {
  for (const table of tables) {
    const columns = table.columns.map(({ name }) => `${escapeIdentifier(name)}::text`).join(', ')
    await client.query(`${SOURCE}DECLARE archived NO SCROLL CURSOR FOR
      SELECT json_build_array(${columns})::text AS row FROM ${escapeIdentifier(table.name)}`)
    for (let count = 100; ;) {
      const { rows } = await client.query<{ readonly row: string }>(`${SOURCE}FETCH ${count} FROM archived`)
      if (rows.length === 0) break
      const texts = rows.map(({ row }) => row)
      yield { table: table.name, rows: texts }
      const bytes = texts.reduce((sum, text) => sum + text.length, 0)
      count = Math.max(1, Math.min(MOST_ROWS, Math.floor((texts.length * SLICE_BYTES) / Math.max(1, bytes))))
    }
    await client.query(`${SOURCE}CLOSE archived`)
  }
}
