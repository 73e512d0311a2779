import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { migrate } from '#/store/migrate.ts'
import { migrationFiles } from '#/store/migration-files.ts'
import { databaseRelay } from '../support/database-relay.ts'
import { listen } from '../support/listen.ts'
import { quiet } from '../support/quiet.ts'
import { serve } from './serve.ts'
import { ownPostgres, sql, until, type OwnPostgres } from './site.ts'

let postgres: OwnPostgres
beforeAll(async () => {
  postgres = await ownPostgres()
})
afterAll(async () => await postgres?.[Symbol.asyncDispose]())

const LISTENS = /http:\/\/127\.0\.0\.1:(\d+)/
const READY = 15_000

test('a start while the database is away waits and says so, without a flood, and goes on when it is there', async () => {
  await using relay = await databaseRelay(await postgres.database())
  relay.set('closed')
  await using gateway = await serve({ DATABASE_URL: relay.url })
  await gateway.says(/the database is away; waiting for it/)
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  const said = gateway.output.split('\n').filter((line) => line.includes('the database is away'))
  expect(said.length).toBeLessThan(3)
  expect(gateway.output).not.toContain('causeway:causeway@')
  relay.set('open')
  await gateway.says(LISTENS)
})

test('a snapshot on disk that cannot be used is said to be, and the database is waited for', async () => {
  await using relay = await databaseRelay(await postgres.database())
  const env = { DATABASE_URL: relay.url, CAUSEWAY_START_WITHOUT_DATABASE: 'true' }
  const dataDir = await mkdtemp(join(tmpdir(), 'cw-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const saved = join(dataDir, 'snapshot', 'things')
  {
    await using first = await serve({ ...env, CAUSEWAY_DATA_DIR: dataDir })
    await first.says(LISTENS)
    await until('a snapshot is on disk', () => existsSync(join(dataDir, 'snapshot', 'heard')), 5_000)
  }
  await writeFile(saved, `${await readFile(saved, 'utf8')}v1.other.AAAA\n`)
  relay.set('closed')
  await using second = await serve({ ...env, CAUSEWAY_DATA_DIR: dataDir })
  await second.says(/snapshot\.refused.*things is damaged.*the database is waited for/)
  expect(second.output).not.toMatch(LISTENS)
  relay.set('open')
  await second.says(LISTENS)
})

test('without being told to, nothing is kept on disk', async () => {
  await using gateway = await serve({ DATABASE_URL: await postgres.database() })
  await gateway.says(LISTENS)
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  expect(existsSync(join(gateway.dataDir, 'snapshot'))).toBe(false)
})

test('a start that waits for its database ends at once when it is told to', async () => {
  await using relay = await databaseRelay(await postgres.database())
  relay.set('closed')
  await using gateway = await serve({ DATABASE_URL: relay.url })
  await gateway.says(/waiting for it/)
  const began = performance.now()
  process.kill(gateway.pid, 'SIGTERM')
  expect(await gateway.exited).toBe(0)
  expect(performance.now() - began).toBeLessThan(3_000)
})

describe('a database that cannot be used is one clear error', () => {
  const CASES: readonly (readonly [string, (url: string) => Promise<unknown>, RegExp])[] = [
    [
      'read-only',
      async (url) =>
        await sql(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`),
      /the database is read-only.*make it writable/,
    ],
    [
      'newer than the code',
      async (url) => {
        await sql(url, 'CREATE TABLE schema_migrations (name text PRIMARY KEY, checksum text, applied_at timestamptz)')
        await sql(url, "INSERT INTO schema_migrations VALUES ('9999_later.sql', 'x', now())")
      },
      /the database is newer than this version of Causeway: it has 9999_later\.sql/,
    ],
    [
      'made by another file of the same name',
      async (url) => {
        await sql(url, 'CREATE TABLE schema_migrations (name text PRIMARY KEY, checksum text, applied_at timestamptz)')
        await sql(url, "INSERT INTO schema_migrations VALUES ('0001_catalog.sql', 'x', now())")
      },
      /0001_catalog\.sql is not the file that made this database/,
    ],
  ]
  test.each(CASES)('%s', async (_name, spoil, words) => {
    const url = await postgres.database()
    await spoil(url)
    await using gateway = await serve({ DATABASE_URL: url })
    expect(await gateway.exited).toBe(1)
    expect(gateway.output).toMatch(words)
    expect(gateway.output).not.toContain('    at ')
  })

  test('of the name of none', async () => {
    const url = new URL(await postgres.database())
    url.pathname = '/nowhere'
    await using gateway = await serve({ DATABASE_URL: url.href })
    expect(await gateway.exited).toBe(1)
    expect(gateway.output).toMatch(/refuses the connection: database "nowhere" does not exist/)
  })
})

test('a database of an older version of the code is brought forward', async () => {
  const url = await postgres.database()
  const files = await migrationFiles()
  const older = { url, log: quiet, signal: AbortSignal.timeout(30_000), files: files.slice(0, -1) }
  expect((await migrate(older)).applied).toHaveLength(files.length - 1)
  await using gateway = await serve({ DATABASE_URL: url })
  await gateway.says(LISTENS)
  const applied = await sql<{ name: string }>(url, 'SELECT name FROM schema_migrations ORDER BY name')
  expect(applied.map(({ name }) => name)).toEqual(files.map(({ name }) => name))
  const made = await readFile(new URL(`../../sql/${files.at(-1)?.name}`, import.meta.url), 'utf8')
  for (const [, table] of made.matchAll(/^CREATE TABLE (\w+)/gm))
    expect(await sql(url, `SELECT count(*)::int >= 0 AS there FROM ${table}`)).toEqual([{ there: true }])
})

test('a port in use is a clear error, and no database is started for nothing', async () => {
  await using taken = await listen(() => undefined)
  await using gateway = await serve({ PORT: String(taken.port) })
  expect(await gateway.exited).toBe(1)
  expect(gateway.output).toContain(`port ${taken.port} on 127.0.0.1 is in use`)
  expect(gateway.output).toContain(`PORT=${taken.port + 1}`)
  expect(gateway.output).not.toContain('PostgreSQL')
})

test('a port in use on the other loopback address alone is one too', async (context) => {
  const other = createServer().listen(0, '::1')
  const ready = await Promise.race([once(other, 'listening').then(() => true), once(other, 'error').then(() => false)])
  if (!ready) context.skip('no ::1 here')
  const { port } = other.address() as { port: number }
  await using gateway = await serve({ PORT: String(port) })
  expect(await gateway.exited).toBe(1)
  expect(gateway.output).toContain(`port ${port} on ::1 is in use`)
  other.close()
})

test('a data folder in use is a clear error that names folder and process, and the first goes on', async () => {
  await using first = await serve({})
  await first.says(LISTENS, READY)
  await using second = await serve({ CAUSEWAY_DATA_DIR: first.dataDir })
  expect(await second.exited).toBe(1)
  expect(second.output).toContain(`the data folder ${first.dataDir} is in use by process ${first.pid}`)
  const port = LISTENS.exec(first.output)?.[1]
  await until(
    'the first is still ready',
    async () => (await fetch(`http://127.0.0.1:${port}/ready`)).status === 200,
    2_000,
  )
})

test('with an external database, too, a data folder belongs to one', async () => {
  const url = await postgres.database()
  await using first = await serve({ DATABASE_URL: url })
  await first.says(LISTENS)
  await using second = await serve({ DATABASE_URL: url, CAUSEWAY_DATA_DIR: first.dataDir })
  expect(await second.exited).toBe(1)
  expect(second.output).toContain(`the data folder ${first.dataDir} is in use by process ${first.pid}`)
})
