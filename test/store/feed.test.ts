import { expect, test, vi } from 'vitest'
import { UserId } from '#/access/ids.ts'
import { activity } from '#/store/activity.ts'
import { leases } from '#/store/leases.ts'
import { listen } from '#/store/listen.ts'
import { sql } from 'kysely'
import { testDatabase } from '../support/database.ts'
import { quiet } from '../support/quiet.ts'
import { behindBoth } from './doors.ts'

test('a listener hears each commit at once, and listens again after its connection was killed', async () => {
  await using t = await testDatabase()
  const heard: number[] = []
  const told: string[] = []
  await using _listener = listen({
    url: t.url,
    log: quiet,
    onSeq: (seq) => heard.push(seq),
    onConnect: () => told.push('connect'),
    onLost: () => told.push('lost'),
  })
  const change = () => t.db.write('tests', async (tx) => tx.changed('user', UserId.mint()))
  await vi.waitFor(() => expect(told).toEqual(['connect']))
  await change()
  await vi.waitFor(() => expect(heard).toEqual([1]), 500)
  await t.sql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%LISTEN causeway' AND datname = current_database()",
  )
  await vi.waitFor(() => expect(told).toEqual(['connect', 'lost', 'connect']), 5_000)
  await change()
  await vi.waitFor(() => expect(heard).toEqual([1, 2]), 500)
})

test('a commit that was rolled back is not heard', async () => {
  await using t = await testDatabase()
  const heard: number[] = []
  const ready = Promise.withResolvers<void>()
  await using _listener = listen({ url: t.url, log: quiet, onSeq: (seq) => heard.push(seq), onConnect: ready.resolve })
  await ready.promise
  await t.db
    .write('tests', async (tx) => {
      tx.changed('user', UserId.mint())
      throw new Error('no')
    })
    .catch(() => undefined)
  await t.db.write('tests', async (tx) => tx.changed('user', UserId.mint()))
  await vi.waitFor(() => expect(heard).toEqual([1]))
})

behindBoth((open) => {
  test('a lease has one holder, can be prolonged by that one only, and ends by itself', async (context) => {
    await using t = await open(context)
    const lease = leases(t.db)
    const claims = await Promise.all(['a', 'b', 'c', 'd'].map((holder) => lease.claim('health', holder, 60_000)))
    expect(claims.filter(Boolean)).toHaveLength(1)
    const winner = ['a', 'b', 'c', 'd'][claims.indexOf(true)] ?? ''
    expect(await lease.claim('health', winner, 60_000)).toBe(true)
    expect(await lease.claim('health', 'other', 60_000)).toBe(false)
    expect(await lease.claim('health', winner, 1)).toBe(true)
    await t.sql('SELECT pg_sleep(0.01)')
    expect(await lease.claim('health', 'other', 60_000)).toBe(true)
    await lease.release('health', winner)
    expect(await lease.claim('health', winner, 1)).toBe(false)
    await lease.release('health', 'other')
    expect(await lease.claim('health', winner, 1)).toBe(true)
  })

  test('pg_stat_activity is read by source and state', async (context) => {
    await using t = await open(context)
    const slow = ['tools', 'tools', 'gateways'].map((source) =>
      t.db
        .read(source)
        .selectNoFrom(sql`pg_sleep(1)`.as('x'))
        .execute(),
    )
    await t.sql('SELECT pg_sleep(0.4)')
    const rows = await activity(t.db)
    const active = rows.filter(({ state }) => state === 'active').toSorted((a, b) => a.count - b.count)
    expect(active).toMatchObject([
      { source: 'gateways', count: 1 },
      { source: 'tools', count: 2 },
    ])
    for (const { avgAge, maxAge } of active) {
      expect(avgAge).toBeGreaterThan(0.2)
      expect(maxAge).toBeGreaterThanOrEqual(avgAge)
      expect(maxAge).toBeLessThan(5)
    }
    await Promise.all(slow)
  })
})
