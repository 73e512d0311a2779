import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { migrate, type MigrateOptions } from '#/store/migrate.ts'
import { migrationFiles, type MigrationFile } from '#/store/migration-files.ts'
import { freePort } from '../support/child-server.ts'
import { testDatabase } from '../support/database.ts'
import { needs } from '../support/needs.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { startPostgres15 } from '../support/postgres15.ts'
import { quiet, recordingLog } from '../support/quiet.ts'
import { behindBoth } from './doors.ts'

const NAMES = (await readdir(new URL('../../sql/', import.meta.url))).filter((name) => name.endsWith('.sql')).toSorted()
const WORKER = new URL('./workers/migrate.ts', import.meta.url).pathname

const run = (url: string, more: Partial<MigrateOptions> = {}) =>
  migrate({ url, log: quiet, signal: AbortSignal.timeout(20_000), ...more })

const fileNamed = (name: string, sql: string): MigrationFile => ({ name, sql, checksum: `of ${sql}` })

behindBoth((open) => {
  test('eight processes start on an empty database: each file is applied once, all go on', async (context) => {
    await using t = await open(context, { template: 'template0' })
    const processes = Array.from({ length: 8 }, () => promisify(execFile)(process.execPath, [WORKER, t.url]))
    const applied = (await Promise.all(processes)).map(({ stdout }) => JSON.parse(stdout) as string[])
    // One of them did it all.
    expect(applied.filter((names) => names.length > 0)).toEqual([NAMES])
    expect(await t.sql('SELECT name FROM schema_migrations ORDER BY name')).toEqual(NAMES.map((name) => ({ name })))
    expect(await run(t.url)).toEqual({ applied: [] })
  })
})

test('a file that fails leaves nothing of itself, and the ones before it stay', async () => {
  await using t = await testDatabase({ template: 'template0' })
  const files = [fileNamed('0001_a.sql', 'CREATE TABLE a ()'), fileNamed('0002_b.sql', 'CREATE TABLE b (); SELECT 1/0')]
  await expect(run(t.url, { files })).rejects.toThrow(/could not be migrated: .*division by zero/)
  expect(await t.sql("SELECT to_regclass('a') IS NULL AS a, to_regclass('b') IS NULL AS b")).toEqual([
    { a: false, b: true },
  ])
  const mended = [files[0] as MigrationFile, fileNamed('0002_b.sql', 'CREATE TABLE b ()')]
  expect(await run(t.url, { files: mended })).toEqual({ applied: ['0002_b.sql'] })
})

test('a database that is newer than the code is refused', async () => {
  await using t = await testDatabase()
  await t.sql("INSERT INTO schema_migrations (name, checksum) VALUES ('9999_future.sql', 'x')")
  await expect(run(t.url)).rejects.toThrow(
    /newer than this version of Causeway: it has 9999_future.sql.*Start the version that made it/,
  )
})

test('a migration that was edited after its release is refused', async () => {
  await using t = await testDatabase()
  const [first, ...others] = await migrationFiles()
  const edited = { ...(first as MigrationFile), checksum: 'another' }
  await expect(run(t.url, { files: [edited, ...others] })).rejects.toThrow(
    /sql\/0001_catalog.sql is not the file that made this database/,
  )
})

test('a database that is read-only is refused at the start, and a write says so', async () => {
  await using t = await testDatabase({ poolSize: 1 })
  const [row] = await t.sql<{ name: string }>('SELECT current_database() AS name')
  await t.sql(`ALTER DATABASE ${row?.name ?? ''} SET default_transaction_read_only = on`)
  await expect(run(t.url)).rejects.toThrow(/the database is read-only .*name the primary in DATABASE_URL/)
  const write = t.db.write('tests', async (tx) => tx.changed('user', '0'.repeat(32)))
  await expect(write).rejects.toMatchObject({ code: 'unavailable', message: 'the database is read-only' })
  expect(await t.db.read('tests').selectFrom('users').select('id').execute()).toEqual([])
})

test('a password or a name that is wrong is an error at once, without the password in it', async () => {
  await using t = await testDatabase()
  const wrong = new URL(t.url)
  wrong.password = 'guessed'
  await expect(run(wrong.href)).rejects.toThrow(/refuses the connection: password authentication failed/)
  const nowhere = new URL(t.url)
  nowhere.pathname = '/no_such_database'
  await expect(run(nowhere.href)).rejects.toThrow(/refuses the connection: .*no_such_database/)
})

test('a start waits for a database that is away, says where, and ends when it is told to', async () => {
  const log = recordingLog()
  const port = await freePort()
  const stop = new AbortController()
  const waiting = run(`postgresql://someone:secret@127.0.0.1:${port}/x`, { log, signal: stop.signal })
  waiting.catch(() => undefined)
  await sleep(500)
  expect(log.lines).toMatchObject([{ level: 'warn', fields: { event: 'database.away', at: `127.0.0.1:${port}/x` } }])
  stop.abort()
  await expect(waiting).rejects.toThrow(/did not come; check DATABASE_URL/)
  expect(JSON.stringify(log.lines)).not.toContain('secret')
})

test('PostgreSQL 15 carries the schema and the store, behind PgBouncer too', async (context) => {
  needs(context, 'postgres15', 'pgbouncer')
  await using server = await startPostgres15()
  await using pooler = await startPgBouncer(server.url)
  expect((await run(pooler.url)).applied).toEqual(NAMES)
  expect(await run(server.url)).toEqual({ applied: [] })
})
