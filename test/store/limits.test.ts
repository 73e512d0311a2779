import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { UserId } from '#/access/ids.ts'
import { HeldConnectionError, assertNoTransaction } from '#/lib/held-connection.ts'
import { behindBoth } from './doors.ts'
import { recordingLog } from '../support/quiet.ts'

const sleepFor = (seconds: number) => sql<string>`pg_sleep(${seconds})`.as('slept')

behindBoth((open) => {
  test('a read past its deadline is cancelled at the server, and its connection serves on', async (context) => {
    await using t = await open(context, { poolSize: 1, readMs: 200 })
    const began = performance.now()
    const read = t.db.read('tests').selectNoFrom(sleepFor(30)).execute()
    await expect(read).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 })
    expect(performance.now() - began).toBeLessThan(1_000)
    const [row] = await t.db
      .read('tests')
      .selectNoFrom(sql<number>`1`.as('one'))
      .execute()
    expect(row).toEqual({ one: 1 })
    const running = `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(%'
      AND pid <> pg_backend_pid() AND datname = current_database()`
    await expect.poll(() => t.sql(running), { timeout: 5_000 }).toEqual([])
  })

  test('a statement of a write past the deadline is cancelled and the write rolled back', async (context) => {
    await using t = await open(context, { poolSize: 1, writeMs: 300 })
    const write = t.db.write('tests', async (tx) => {
      await tx.sql.insertInto('users').values({ id: UserId.mint(), email: 'late@example.com' }).execute()
      await tx.sql.selectNoFrom(sleepFor(30)).execute()
    })
    await expect(write).rejects.toMatchObject({ code: 'unavailable' })
    expect(await t.db.read('tests').selectFrom('users').select('id').execute()).toEqual([])
  })

  test('a slow transaction is logged as the defect that it is, with whose it was', async (context) => {
    const log = recordingLog()
    await using t = await open(context, { poolSize: 1, slowMs: 100, log })
    await t.db.write('tests', (tx) => tx.sql.selectNoFrom(sleepFor(0.2)).execute())
    expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
      { fields: { event: 'database.slow_transaction', source: 'tests' } },
    ])
  })

  test('100 writes that abort in every way leave nothing idle in a transaction', async (context) => {
    await using t = await open(context, { poolSize: 8, writeMs: 250 })
    const ways = [
      async () => Promise.reject(new Error('thrown')),
      async (tx: { sql: { selectNoFrom: (of: never) => { execute(): Promise<unknown> } } }) =>
        tx.sql.selectNoFrom(sql`1/0`.as('x') as never).execute(),
      async (tx: { sql: { selectNoFrom: (of: never) => { execute(): Promise<unknown> } } }) =>
        tx.sql.selectNoFrom(sleepFor(9) as never).execute(),
      async () => new Promise(() => undefined),
    ]
    const writes = Array.from({ length: 100 }, (_, n) => t.db.write('tests', ways[n % ways.length] as never))
    const settled = await Promise.allSettled(writes)
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(100)
    const held = await t.sql(
      "SELECT query FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()",
    )
    expect(held).toEqual([])
    expect((await t.db.write('tests', async () => 5)).value).toBe(5)
  })

  test('with one connection, 50 reads and writes at once all finish', async (context) => {
    await using t = await open(context, { poolSize: 1 })
    const work = Array.from({ length: 50 }, async (_, n) => {
      const { seq } = await t.db.write('tests', async (tx) => tx.changed('user', UserId.mint()))
      const rows = await t.db
        .read('tests')
        .selectFrom('changes')
        .select('seq')
        .where('seq', '=', seq ?? -n)
        .execute()
      return rows.length
    })
    expect(await Promise.all(work)).toEqual(Array.from({ length: 50 }, () => 1))
    expect(t.db.stats.total).toBe(1)
  })

  test('inside a transaction another read, write, statement or dial throws at once', async (context) => {
    await using t = await open(context, { poolSize: 1 })
    const attempts: Record<string, () => Promise<unknown>> = {
      read: () => t.db.read('inner').selectFrom('users').select('id').execute(),
      write: () => t.db.write('inner', async () => undefined),
      statement: () => t.db.statement('inner', (db) => db.deleteFrom('leases')),
      dial: async () => assertNoTransaction('dialling'),
    }
    for (const attempt of Object.values(attempts)) {
      const began = performance.now()
      await expect(t.db.write('outer', attempt)).rejects.toThrow(
        /inside the transaction of 'outer' would hold its connection/,
      )
      expect(performance.now() - began).toBeLessThan(1_000)
    }
    await expect(t.db.write('outer', () => attempts['read']?.() as Promise<unknown>)).rejects.toBeInstanceOf(
      HeldConnectionError,
    )
  })

  test('a wait for a connection is bounded in time and in number', async (context) => {
    await using t = await open(context, { poolSize: 1, acquireMs: 200, maxWaiting: 2 })
    const holding = t.db.read('tests').selectNoFrom(sleepFor(1)).execute()
    await new Promise((resolve) => setTimeout(resolve, 100))
    const waiting = Array.from({ length: 3 }, () => t.db.read('tests').selectNoFrom(sleepFor(0)).execute())
    const errors = await Promise.allSettled(waiting)
    expect(errors.map((e) => (e.status === 'rejected' ? (e.reason as Error).message : 'done'))).toEqual([
      'no database connection became free',
      'no database connection became free',
      'too many requests wait for a database connection',
    ])
    await holding
  })
})
