import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { UserId } from '#/access/ids.ts'
import type { WriteTx } from '#/store/store.ts'
import { testDatabase } from '../support/database.ts'
import { recordingLog } from '../support/quiet.ts'

const one = (tx: WriteTx) => tx.sql.selectNoFrom(sql<number>`1`.as('one')).execute()

describe('a write', () => {
  test('has at most five statements', async () => {
    await using t = await testDatabase()
    const times = (n: number) =>
      t.db.write('tests', async (tx) => {
        for (let i = 0; i < n; i += 1) await one(tx)
        return n
      })
    expect((await times(5)).value).toBe(5)
    await expect(times(6)).rejects.toThrow('a transaction has at most 5 statements')
  })

  test('is over when its work is: what was kept of it cannot be used', async () => {
    await using t = await testDatabase()
    let kept: WriteTx | undefined
    await t.db.write('tests', async (tx) => {
      kept = tx
    })
    await expect(one(kept as WriteTx)).rejects.toThrow('the transaction is over')
  })

  test('whose work hid an error does not commit', async () => {
    await using t = await testDatabase()
    const hiding = t.db.write('tests', async (tx) => {
      await tx.sql.insertInto('users').values({ id: UserId.mint(), email: 'd@example.com' }).execute()
      await tx.sql
        .selectNoFrom(sql`1/0`.as('x'))
        .execute()
        .catch(() => undefined)
    })
    await expect(hiding).rejects.toMatchObject({ code: 'internal' })
    expect(await t.sql('SELECT 1 FROM users')).toEqual([])
  })

  test('that lost to another in a deadlock is done again, and both commit', async () => {
    await using t = await testDatabase({ log: recordingLog() })
    const [a, b] = [UserId.mint(), UserId.mint()]
    await t.sql('INSERT INTO users (id, email) VALUES ($1, $3), ($2, $4)', [a, b, 'a@example.com', 'b@example.com'])
    let attempts = 0
    const both = (first: string, second: string) =>
      t.db.write('tests', async (tx) => {
        attempts += 1
        await tx.sql.updateTable('users').set({ enabled: false }).where('id', '=', first).execute()
        await tx.sql.selectNoFrom(sql`pg_sleep(0.2)`.as('x')).execute()
        await tx.sql.updateTable('users').set({ enabled: false }).where('id', '=', second).execute()
      })
    await Promise.all([both(a, b), both(b, a)])
    expect(attempts).toBeGreaterThan(2)
    expect(await t.sql('SELECT count(*)::int AS n FROM users WHERE NOT enabled')).toEqual([{ n: 2 }])
  })

  test('runs what was registered for after the commit outside, and survives its failure', async () => {
    const log = recordingLog()
    await using t = await testDatabase({ log, poolSize: 1 })
    let read: Promise<unknown> | undefined
    await t.db.write('tests', async (tx) => {
      tx.afterCommit(() => {
        throw new Error('too late to matter')
      })
      tx.afterCommit(() => {
        read = t.db.read('after').selectFrom('users').select('id').execute()
      })
    })
    expect(await read).toEqual([])
    expect(log.lines.map(({ fields }) => fields['event'])).toEqual(['database.after_commit_failed'])
  })

  test('that failed runs nothing that was registered for after the commit', async () => {
    await using t = await testDatabase()
    const ran: string[] = []
    const failing = t.db.write('tests', async (tx) => {
      tx.afterCommit(() => ran.push('no'))
      throw new Error('stop')
    })
    await expect(failing).rejects.toThrow('stop')
    expect(ran).toEqual([])
  })

  test('whose connection is killed under it fails and is not done again; the next one works', async () => {
    await using t = await testDatabase({ poolSize: 1 })
    let attempts = 0
    const killed = t.db.write('tests', async (tx) => {
      attempts += 1
      await one(tx)
      await tx.sql.selectNoFrom(sql`pg_sleep(20)`.as('slept')).execute()
    })
    const ours = "application_name = 'causeway' AND datname = current_database() AND query LIKE '%pg_sleep(%'"
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ours} AND state = 'active'`
    await Promise.all([
      expect(killed).rejects.toMatchObject({ code: 'unavailable' }),
      expect.poll(() => t.sql(kill), { timeout: 5_000 }).toHaveLength(1),
    ])
    expect(attempts).toBe(1)
    expect((await t.db.write('tests', one)).value).toEqual([{ one: 1 }])
  })

  test('says its source in pg_stat_activity while it holds its connection', async () => {
    await using t = await testDatabase({ poolSize: 1 })
    const write = t.db.write('tools', async (tx) => {
      await one(tx)
      await tx.sql.selectNoFrom(sql`pg_sleep(0.8)`.as('slept')).execute()
    })
    const seen = `SELECT state, query FROM pg_stat_activity
      WHERE application_name = 'causeway' AND datname = current_database() AND query LIKE '%pg_sleep(%'`
    await expect
      .poll(() => t.sql(seen), { timeout: 5_000 })
      .toMatchObject([{ state: 'active', query: expect.stringMatching(/^\/\*source='tools'\*\/ select/) }])
    await write
  })
})

describe('a read', () => {
  test('gives its connection back when it fails', async () => {
    await using t = await testDatabase({ poolSize: 1 })
    for (let n = 0; n < 20; n += 1) {
      await expect(
        t.db
          .read('tests')
          .selectNoFrom(sql`1/0`.as('x'))
          .execute(),
      ).rejects.toMatchObject({ code: 'invalid_field' })
    }
    expect(t.db.stats).toEqual({ total: 1, idle: 1, waiting: 0 })
  })

  test('cannot write, even past the types', async () => {
    await using t = await testDatabase()
    const untyped = t.db.read('tests') as unknown as WriteTx['sql']
    await expect(
      untyped.insertInto('leases').values({ name: 'a', holder: 'b', expires_at: 'now' }).execute(),
    ).rejects.toThrow('is no select')
    const sneaky = untyped
      .with('w', (db) => db.deleteFrom('users').returning('id'))
      .selectFrom('w')
      .selectAll()
    await expect(sneaky.execute()).rejects.toThrow('is no select')
    await expect(untyped.transaction().execute(async () => 1)).rejects.toThrow('use Database.write')
  })

  test('returns exact integers or throws', async () => {
    await using t = await testDatabase()
    const read = (n: string) =>
      t.db
        .read('tests')
        .selectNoFrom(sql<number>`${sql.lit(n)}::bigint`.as('n'))
        .executeTakeFirst()
    expect(await read('9007199254740991')).toEqual({ n: 9_007_199_254_740_991 })
    await expect(read('9007199254740993')).rejects.toMatchObject({ cause: expect.any(RangeError) })
  })

  test('a source is a plain word', async () => {
    await using t = await testDatabase()
    expect(() => t.db.read('x*/ DROP TABLE users; /*')).toThrow(TypeError)
  })
})

describe('a connection', () => {
  test('on which a transaction was left open is closed, not lent again', async () => {
    await using t = await testDatabase({ poolSize: 1 })
    await t.db.statement('tests', () => sql`BEGIN`)
    expect(t.db.stats.total).toBe(0)
    await expect
      .poll(() => t.sql("SELECT 1 FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()"))
      .toEqual([])
    expect((await t.db.write('tests', one)).value).toEqual([{ one: 1 }])
  })

  test('that does not even answer a cancel is given up, and the next statement gets another', async () => {
    await using t = await testDatabase({ poolSize: 1, readMs: 200 })
    const backend = () =>
      t.db
        .read('tests')
        .selectNoFrom(sql<number>`pg_backend_pid()`.as('pid'))
        .executeTakeFirstOrThrow()
    const { pid } = await backend()
    process.kill(pid, 'SIGSTOP')
    try {
      const began = performance.now()
      await expect(backend()).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 })
      expect(performance.now() - began).toBeLessThan(1_500)
      expect((await backend()).pid).not.toBe(pid)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  })
})
