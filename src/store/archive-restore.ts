import { escapeIdentifier, escapeLiteral } from 'pg'
import type { Manifest, Opening, Rows, TableShape } from '#/backup/archive.ts'
import { StartError } from '#/errors/start-error.ts'
import { SOURCE } from './archive-tables.ts'
import type { PlainClient } from './client.ts'
import type { OpenAuditKey } from '#/audit/seals.ts'
import { auditKeys } from './audit-keys.ts'
import { CLOCK_TAKEN, endOf } from './clock.ts'
import { clockOf, keyAt } from './ending.ts'
import { databaseError } from './errors.ts'
import { MIGRATION_LOCK } from './migrate.ts'
import { migrationFiles, type MigrationFile } from './migration-files.ts'
import type { StoreLog } from './log.ts'
import { assertUsable } from './server-check.ts'
import { connectWhenThere } from './wait-for-database.ts'

export interface RestoreOptions {
  readonly url: string
  readonly log: StoreLog
  readonly signal: AbortSignal
  readonly opening: Opening
  /** Read to its end; what it throws undoes everything. */
  readonly rows: AsyncGenerator<Rows, Manifest>
  /** What the database holds may be removed. */
  readonly replace: boolean
  /** For the audit log: what was restored. */
  readonly detail: Readonly<Record<string, unknown>>
  readonly progress: (table: string, rows: number) => void
  /** Called when everything is written and before it counts. */
  readonly beforeCommit: () => Promise<void>
  /** Opens what the archive's audit records are sealed with; absent: only where they are not. */
  readonly auditKey?: OpenAuditKey
}

/** Numbers of the clock that are passed over, so that no worker anywhere takes the restored catalog for the one that it has. */
const CLOCK_JUMP = 1_000_000

/**
 * Makes the database what an archive holds, in one transaction: the schema as it was, the rows, then what this version adds to it.
 * Throws StartError with a sentence that says what to do; then nothing has changed.
 */
export async function restoreDump(options: RestoreOptions): Promise<void> {
  const steps = migrationsFor(options.opening, await migrationFiles())
  const { url, log, signal } = options
  const client = await connectWhenThere({ url, log, signal })
  try {
    await assertUsable(client)
    await client.query(`${SOURCE}BEGIN; SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = 0;
      SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`)
    const clock = await clearedFor(client, options)
    await migrateTo(client, steps.before)
    await client.query(
      `${SOURCE}TRUNCATE ${options.opening.tables.map(({ name }) => escapeIdentifier(name)).join(', ')}`,
    )
    await load(client, options)
    await migrateTo(client, steps.after)
    await client.query(`${SOURCE}DELETE FROM changes;
      UPDATE change_clock SET seq = greatest(seq, ${clock}) + ${CLOCK_JUMP}, kept_from = greatest(seq, ${clock}) + ${CLOCK_JUMP} + 2`)
    await options.beforeCommit()
    signal.throwIfAborted()
    const audit = {
      actor: 'restore',
      action: 'database.restore',
      targetKind: 'database',
      targetId: 'all',
      detail: options.detail,
    }
    const run = async (text: string) => [await client.query<Record<string, unknown>>(SOURCE + text)]
    const end = clockOf(await run(CLOCK_TAKEN))
    const key = await keyAt(end, { run, keys: auditKeys(options.auditKey) })
    await run(endOf([{ changes: new Map(), audit }], { at: new Date(), clock: end, key }))
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw explained(error)
  } finally {
    await client.end().catch(() => undefined)
  }
}

function explained(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return error
  const said = error instanceof Error ? error.message : ''
  return new StartError(
    `the archive could not be restored: ${databaseError(error).message} (${said}); nothing was changed`,
    {
      cause: error,
    },
  )
}

interface Steps {
  /** What the archive's schema was made by. */
  readonly before: readonly MigrationFile[]
  /** What came since. */
  readonly after: readonly MigrationFile[]
}

function migrationsFor({ migrations }: Opening, files: readonly MigrationFile[]): Steps {
  for (const { name, checksum } of migrations) {
    const file = files.find((one) => one.name === name)
    if (file === undefined)
      throw new StartError(
        `the archive is of a newer version of Causeway (its database has ${name}): restore it with that version or a later one`,
      )
    if (file.checksum !== checksum)
      throw new StartError(
        `the archive's ${name} is not ours (its checksum differs): restore it with the version that made it`,
      )
  }
  const names = new Set(migrations.map(({ name }) => name))
  return { before: files.filter(({ name }) => names.has(name)), after: files.filter(({ name }) => !names.has(name)) }
}

/** Makes room, and says where the clock stood. Refuses where something would be lost that nobody said may go. */
async function clearedFor(client: PlainClient, { replace }: RestoreOptions): Promise<number> {
  const there = await madeHere(client)
  if (there.tables.length === 0 && there.domains.length === 0) return 0
  const held = await holdings(client, there.tables)
  if (held.rows > 0 && !replace)
    throw new StartError(
      `the database is not empty: it holds ${held.text}. Restore into an empty one, or let go of all that with --replace`,
    )
  const list = (names: readonly string[]): string => names.map((name) => escapeIdentifier(name)).join(', ')
  if (there.tables.length > 0) await client.query(`${SOURCE}DROP TABLE ${list(there.tables)}`)
  if (there.domains.length > 0) await client.query(`${SOURCE}DROP DOMAIN ${list(there.domains)}`)
  return held.seq
}

/** What our migrations make, by name. Another part of the same schema is somebody else's. */
export function namesIn(files: readonly Pick<MigrationFile, 'sql'>[]): Record<'tables' | 'domains', readonly string[]> {
  const all = files.map(({ sql }) => sql).join('\n')
  const of = (form: RegExp): readonly string[] => [...all.matchAll(form)].map(([, name = '']) => name)
  return { tables: ['schema_migrations', ...of(/^CREATE TABLE (\w+)/gm)], domains: of(/^CREATE DOMAIN (\w+)/gm) }
}

async function madeHere(client: PlainClient): Promise<Record<'tables' | 'domains', readonly string[]>> {
  const ours = namesIn(await migrationFiles())
  const { rows } = await client.query<{ readonly kind: string; readonly name: string }>(
    `${SOURCE}SELECT 'tables' AS kind, relname AS name FROM pg_class
       WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname = ANY($1)
     UNION ALL SELECT 'domains', typname FROM pg_type
       WHERE typtype = 'd' AND typnamespace = current_schema()::regnamespace AND typname = ANY($2)`,
    [ours.tables, ours.domains],
  )
  const of = (kind: string): readonly string[] => rows.filter((row) => row.kind === kind).map(({ name }) => name)
  return { tables: of('tables'), domains: of('domains') }
}

interface Holdings {
  readonly rows: number
  readonly text: string
  readonly seq: number
}

async function holdings(client: PlainClient, tables: readonly string[]): Promise<Holdings> {
  const counted = ['users', 'gateways', 'servers', 'tokens', 'audit_log'].filter((name) => tables.includes(name))
  const counts: { name: string; count: number }[] = []
  for (const name of counted) {
    const { rows } = await client.query<{ n: number }>(
      `${SOURCE}SELECT count(*)::int AS n FROM ${escapeIdentifier(name)}`,
    )
    counts.push({ name, count: rows[0]?.n ?? 0 })
  }
  const clock = tables.includes('change_clock')
    ? (await client.query<{ seq: number }>(`${SOURCE}SELECT seq FROM change_clock`)).rows[0]?.seq
    : 0
  const text = counts.filter(({ count }) => count > 0).map(({ name, count }) => `${count} ${name.replace('_', ' ')}`)
  return { rows: counts.reduce((sum, { count }) => sum + count, 0), text: text.join(', '), seq: clock ?? 0 }
}

async function migrateTo(client: PlainClient, files: readonly MigrationFile[]): Promise<void> {
  await client.query(`${SOURCE}CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`)
  for (const { name, checksum, sql } of files)
    await client.query(`${SOURCE}${sql};
      INSERT INTO schema_migrations (name, checksum) VALUES (${escapeLiteral(name)}, ${escapeLiteral(checksum)})`)
}

async function load(client: PlainClient, { opening, rows, progress, signal }: RestoreOptions): Promise<void> {
  const inserts = new Map(opening.tables.map((table) => [table.name, insertInto(table)]))
  const counts = new Map<string, number>()
  for (;;) {
    const next = await rows.next()
    if (next.done === true) return
    const { table, rows: some } = next.value
    const insert = inserts.get(table)
    if (insert === undefined) throw new StartError(`the archive has rows of ${table}, which it does not describe`)
    signal.throwIfAborted()
    await client.query(insert, [`[${some.join(',')}]`])
    counts.set(table, (counts.get(table) ?? 0) + some.length)
    progress(table, counts.get(table) ?? 0)
  }
}

function insertInto({ name, columns }: TableShape): string {
  const names = columns.map((column) => escapeIdentifier(column.name)).join(', ')
  const values = columns.map(({ type }, index) => `(r ->> ${index})::${type}`).join(', ')
  return `${SOURCE}INSERT INTO ${escapeIdentifier(name)} (${names}) SELECT ${values} FROM json_array_elements($1::json) AS r`
}
