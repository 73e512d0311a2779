import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyAuditChain } from '#/audit/verify-chain.ts'
import { openArchive, verified, type OpenArchive } from '#/backup/archive.ts'
import { openCatalog } from '#/catalog/keeper.ts'
import { openDump } from '#/store/archive-dump.ts'
import { namesIn } from '#/store/archive-restore.ts'
import { auditStore } from '#/store/audit-store.ts'
import { catalogReader } from '#/store/catalog-store.ts'
import { migrate } from '#/store/migrate.ts'
import { migrationFiles } from '#/store/migration-files.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { dumpState } from '../support/dump-state.ts'
import { needs } from '../support/needs.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { startPostgres15 } from '../support/postgres15.ts'
import { quiet } from '../support/quiet.ts'
import { archived, everything, fillOddly, folder, PASSPHRASE, restored } from './scene.ts'

let stack: AsyncDisposableStack
let source: TestDatabase
let archive: OpenArchive
let path: string

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  source = stack.use(await testDatabase())
  await fillOddly(source.url)
  for (let n = 0; n < 3; n++)
    await source.db.write('test', async (tx) => {
      tx.changed('gateway', '2'.padStart(32, '0'))
      tx.audit({ actor: 'ann', action: 'test', targetKind: 'thing', targetId: `${n}`, detail: { text: 'grüße 🌉' } })
    })
  path = join(stack.use(await folder()).path, 'archive')
  archive = await archived(source.url, path)
})
afterAll(() => stack?.disposeAsync())

const empty = (): Promise<TestDatabase> => testDatabase({ template: 'template0' })

test('every row comes back as it was, and the audit chain goes on', async () => {
  await using target = await empty()
  await restored(archive, target.url)
  expect(await everything(target.url)).toEqual(await everything(source.url))
  expect(await verifyAuditChain(auditStore(target.db))).toMatchObject({ intact: true, records: 4 })
  // And there is nothing left for a start to do.
  const { applied } = await migrate({ url: target.url, log: quiet, signal: AbortSignal.timeout(10_000) })
  expect(applied).toEqual([])
})

test('from PostgreSQL 18 to 15 and back', async (context) => {
  needs(context, 'postgres15')
  await using old = await startPostgres15()
  await using own = await folder()
  await using target = await empty()
  await restored(archive, old.url)
  expect(await everything(old.url)).toEqual(await everything(source.url))
  await restored(await archived(old.url, join(own.path, 'back')), target.url)
  // The first restore is a record itself by now.
  const { audit_log: audit, ...others } = await everything(target.url)
  expect(others).toEqual(
    Object.fromEntries(Object.entries(await everything(source.url)).filter(([name]) => name !== 'audit_log')),
  )
  expect(audit).toHaveLength(3)
})

test('all of it also through a pooler in transaction mode', async (context) => {
  needs(context, 'pgbouncer')
  await using target = await empty()
  await using pooler = await startPgBouncer(target.url)
  await using own = await folder()
  await restored(archive, pooler.url)
  const again = await archived(pooler.url, join(own.path, 'again'))
  const { tables } = await verified(again, () => undefined)
  expect(tables['usage_records']?.rows).toBe(12_345)
  expect(await everything(target.url)).toEqual(await everything(source.url))
})

test('rows are of one moment, whatever is written meanwhile', async () => {
  await using other = await testDatabase()
  await fillOddly(other.url)
  const before = await everything(other.url)
  await using dump = await openDump(other.url)
  const rows = dump.rows()
  const first = await rows.next()
  await other.sql('DELETE FROM usage_records')
  const rest = await Array.fromAsync(rows)
  const records = [first.value, ...rest].filter((some) => some?.table === 'usage_records')
  expect(records.reduce((sum, some) => sum + (some?.rows.length ?? 0), 0)).toBe(before['usage_records']?.length)
})

test('a worker that runs elsewhere loads the restored catalog anew', async () => {
  await using target = await testDatabase()
  await target.sql(`INSERT INTO users (id, email) VALUES (lpad('9', 32, '0'), 'old@example.com')`)
  // Its clock stands where the archive's does: only a number that was never used tells the two apart.
  await target.sql('UPDATE change_clock SET seq = (SELECT 3)')
  await using keeper = await openCatalog({ reader: catalogReader(target.db), log: quiet, pollMs: 50 })
  expect(keeper.state.users.get('9'.padStart(32, '0'))).toBeDefined()
  await restored(archive, target.url, { replace: true })
  await expect.poll(() => keeper.state.users.get('9'.padStart(32, '0')), { timeout: 5_000 }).toBeUndefined()
  await using fresh = await openCatalog({ reader: catalogReader(target.db), log: quiet })
  expect(dumpState(keeper.state)).toEqual(dumpState(fresh.state))
})

describe('what is refused changes nothing', () => {
  test('a database that is not empty, unless it may be replaced', async () => {
    await using target = await testDatabase()
    await target.sql(`INSERT INTO users (id, email) VALUES (lpad('9', 32, '0'), 'old@example.com')`)
    const before = await everything(target.url)
    await expect(restored(archive, target.url)).rejects.toThrow(/not empty: it holds 1 users\. .*--replace/)
    expect(await everything(target.url)).toEqual(before)
    await restored(archive, target.url, { replace: true })
    expect(await everything(target.url)).toEqual(await everything(source.url))
  })

  test('an archive that turns out damaged while it is restored', async () => {
    await using target = await testDatabase()
    await target.sql(`INSERT INTO users (id, email) VALUES (lpad('9', 32, '0'), 'old@example.com')`)
    const before = await everything(target.url)
    const bytes = await readFile(path)
    await using own = await folder()
    const broken = join(own.path, 'broken')
    // The last part but one: everything before it has been written by then.
    bytes[bytes.length - 600] = (bytes[bytes.length - 600] ?? 0) ^ 1
    await writeFile(broken, bytes)
    const opened = await openArchive(broken, PASSPHRASE)
    await expect(verified(opened, () => undefined)).rejects.toThrow(/is damaged/)
    await expect(restored(opened, target.url, { replace: true })).rejects.toThrow(/is damaged/)
    expect(await everything(target.url)).toEqual(before)
  })

  test('an archive of a newer schema, or of one that is not ours', async () => {
    await using target = await empty()
    const { migrations } = archive.opening
    const withMigrations = (list: typeof migrations): OpenArchive => ({
      ...archive,
      opening: { ...archive.opening, migrations: list },
    })
    const newer = withMigrations([...migrations, { name: '9999_future.sql', checksum: '' }])
    await expect(restored(newer, target.url)).rejects.toThrow(/newer version of Causeway.*9999_future\.sql/)
    const strange = withMigrations(migrations.map((one, index) => (index === 0 ? { ...one, checksum: 'x' } : one)))
    await expect(restored(strange, target.url)).rejects.toThrow(/checksum differs/)
    expect(await everything(target.url)).toEqual({})
  })
})

test('an archive of an older schema gets what came since', async () => {
  const [first, ...later] = await migrationFiles()
  if (first === undefined) throw new Error('there are no migrations')
  await using old = await empty()
  await migrate({ url: old.url, log: quiet, signal: AbortSignal.timeout(10_000), files: [first] })
  await old.sql(`INSERT INTO users (id, email) VALUES (lpad('7', 32, '0'), 'early@example.com')`)
  await using own = await folder()
  const early = await archived(old.url, join(own.path, 'early'))
  await using target = await empty()
  // audit_log came later: what a restore leaves in it needs the whole schema.
  await restored(early, target.url)
  expect(later.length).toBeGreaterThan(0)
  const { users, schema_migrations: made } = await everything(target.url)
  expect(users).toEqual([expect.stringContaining('early@example.com')])
  expect(made).toHaveLength(later.length + 1)
})

test('what migrations make is known by name, so that nothing else of a shared schema is dropped', async () => {
  const { tables, domains } = namesIn(await migrationFiles())
  const found = await source.sql<{ kind: string; name: string }>(`
    SELECT 'table' AS kind, relname AS name FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'domain', typname FROM pg_type WHERE typtype IN ('d', 'e') AND typnamespace = 'public'::regnamespace
    UNION ALL SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace`)
  const names = (kind: string) => found.filter((one) => one.kind === kind).map(({ name }) => name)
  expect(names('table').toSorted()).toEqual([...tables].toSorted())
  expect(names('domain').toSorted()).toEqual([...domains].toSorted())
  expect(names('function')).toEqual([])
})
