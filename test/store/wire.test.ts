import { execFile } from 'node:child_process'
import { chown } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { afterEach, expect, test, vi } from 'vitest'
import { UserId } from '#/access/ids.ts'
import { openDatabase } from '#/store/database.ts'
import { migrate } from '#/store/migrate.ts'
import { accountFolder } from '../support/child-server.ts'
import { testDatabase } from '../support/database.ts'
import { needs } from '../support/needs.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { startPostgres15 } from '../support/postgres15.ts'
import { quiet } from '../support/quiet.ts'
import { wireTap } from '../support/wire-tap.ts'

afterEach(() => void vi.unstubAllEnvs())

const selectOne = sql<number>`1`.as('one')

test('round trips: a read one, a statement one, a write two around its work', async () => {
  await using t = await testDatabase()
  await using tap = await wireTap(t.url)
  await using db = await openDatabase({ url: tap.url, poolSize: 1, log: quiet })
  await db.read('tests').selectNoFrom(selectOne).execute()
  const count = async (work: () => Promise<unknown>) => {
    tap.reset()
    await work()
    return tap.roundTrips
  }
  expect(await count(() => db.read('tests').selectNoFrom(selectOne).execute())).toBe(1)
  expect(await count(() => db.statement('tests', (db) => db.deleteFrom('leases')))).toBe(1)
  expect(await count(() => db.write('tests', async () => undefined))).toBe(2)
  const whole = () =>
    db.write('tests', async (tx) => {
      const id = UserId.mint()
      await tx.sql
        .insertInto('users')
        .values({ id, email: `${id}@example.com` })
        .execute()
      tx.changed('user', id)
      tx.audit({ actor: 'a', action: 'b', targetKind: 'user', targetId: id, detail: {} })
    })
  expect(await count(whole)).toBe(3)
})

test('whatever URL and environment say, only user, database, application and encoding are sent on connect', async (context) => {
  needs(context, 'pgbouncer')
  await using t = await testDatabase()
  await using pooler = await startPgBouncer(t.url)
  await using tap = await wireTap(pooler.url)
  vi.stubEnv('PGOPTIONS', '-c statement_timeout=1')
  vi.stubEnv('PGAPPNAME', 'other')
  const url = `${tap.url}?statement_timeout=5&options=-c%20geqo%3Doff&lock_timeout=7&query_timeout=1&idle_in_transaction_session_timeout=9`
  await using db = await openDatabase({ url, poolSize: 1, log: quiet })
  const slept = db
    .read('tests')
    .selectNoFrom(sql`pg_sleep(0.05)`.as('x'))
    .execute()
  expect(await slept).toHaveLength(1)
  vi.unstubAllEnvs()
  expect(tap.startUps).toEqual([['user', 'database', 'application_name', 'client_encoding']])
})

test('where even a cancel goes unanswered, the caller is told on time', async () => {
  await using t = await testDatabase()
  await using tap = await wireTap(t.url)
  await using db = await openDatabase({ url: tap.url, poolSize: 2, readMs: 200, log: quiet })
  await db.read('tests').selectNoFrom(selectOne).execute()
  tap.swallow()
  const began = performance.now()
  const late = db
    .read('tests')
    .selectNoFrom(sql`pg_sleep(3)`.as('x'))
    .execute()
  await expect(late).rejects.toMatchObject({
    code: 'unavailable',
    message: 'the database did not answer within 200 ms',
  })
  expect(performance.now() - began).toBeLessThan(1_500)
  expect(db.stats.total).toBe(0)
})

test('limits hold inside a transaction and are gone after it', async () => {
  await using t = await testDatabase({ poolSize: 1, writeMs: 4_000 })
  const limits =
    sql<string>`concat_ws(' ', current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'))`.as(
      'limits',
    )
  const inside = await t.db.write('tests', (tx) => tx.sql.selectNoFrom(limits).executeTakeFirstOrThrow())
  expect(inside.value).toEqual({ limits: '4s 2s 4s' })
  const after = await t.db.read('tests').selectNoFrom(limits).executeTakeFirstOrThrow()
  expect(after.limits).toMatch(/^0 0 /)
})

test('a cancel finds its way through TLS', async (context) => {
  needs(context, 'postgres15')
  await using folder = await accountFolder()
  const [key, cert] = [join(folder.path, 'server.key'), join(folder.path, 'server.crt')]
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost']
  await promisify(execFile)('openssl', [...request, '-keyout', key, '-out', cert])
  if (folder.account !== null) await chown(key, folder.account.uid, folder.account.gid)
  await using server = await startPostgres15({ ssl: 'on', ssl_key_file: key, ssl_cert_file: cert })
  await using db = await openDatabase({ url: `${server.url}?sslmode=no-verify`, poolSize: 1, readMs: 200, log: quiet })
  const secure = sql<boolean>`(SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())`.as('ssl')
  expect(await db.read('tests').selectNoFrom(secure).execute()).toEqual([{ ssl: true }])
  const late = db
    .read('tests')
    .selectNoFrom(sql`pg_sleep(9)`.as('x'))
    .execute()
  await expect(late).rejects.toMatchObject({ code: 'unavailable', cause: { code: '57014' } })
  expect(await db.read('tests').selectNoFrom(secure).execute()).toEqual([{ ssl: true }])
})

test('while the database is away everything fails at once and says so; when it is back everything works', async (context) => {
  needs(context, 'postgres15')
  const migrated = (url: string) => migrate({ url, log: quiet, signal: AbortSignal.timeout(30_000) })
  const first = await startPostgres15()
  await migrated(first.url)
  const port = new URL(first.url).port
  await using db = await openDatabase({ url: first.url, poolSize: 4, log: quiet })
  const read = () => db.read('tests').selectNoFrom(selectOne).execute()
  const write = () => db.write('tests', (tx) => tx.sql.selectNoFrom(selectOne).execute())
  await Promise.all([read(), read(), write()])
  await first[Symbol.asyncDispose]()
  const began = performance.now()
  for (const attempt of [read, write, read, write]) {
    await expect(attempt()).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 })
  }
  expect(performance.now() - began).toBeLessThan(1_000)
  await using second = await startPostgres15({ port })
  await migrated(second.url)
  expect((await write()).value).toEqual([{ one: 1 }])
  expect(await read()).toEqual([{ one: 1 }])
})
