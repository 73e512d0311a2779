import { expect, test } from 'vitest'
import type { SecurityEntry } from '../../src/audit/security.ts'
import { verifyAuditChain } from '../../src/audit/verify-chain.ts'
import { verifySecurityLog } from '../../src/audit/verify-security.ts'
import { auditStore } from '../../src/store/audit-store.ts'
import { securityKeeper, securitySink, securityStore } from '../../src/store/security-store.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'

const entry = (n: number): SecurityEntry => ({
  at: new Date(1_700_000_000_000 + n),
  lastAt: new Date(1_700_000_009_000 + n),
  kind: n % 2 === 0 ? 'unauthenticated' : 'forbidden',
  userId: n % 2 === 0 ? null : 'f'.repeat(32),
  network: '2001:db8::/64',
  why: `grüße 🌉 \\ ${n}`,
  path: '/tools',
  requestId: `r${n}`,
  times: n + 1,
})

async function withEntries(count: number): Promise<TestDatabase> {
  const fresh = await testDatabase()
  await securitySink(fresh.db).append(Array.from({ length: count }, (_, n) => entry(n)))
  return fresh
}

const verify = (fresh: TestDatabase) => verifySecurityLog(securityStore(fresh.db), { audit: auditStore(fresh.db) })

test('what is appended is read back as it was, newest first and by kind', async () => {
  await using fresh = await withEntries(5)
  const store = securityStore(fresh.db)
  const [newest] = await store.page(null, null, 1)
  expect(newest).toMatchObject({ ...entry(4), seq: 5 })
  expect((await store.page('forbidden', null, 9)).map(({ seq }) => seq)).toEqual([4, 2])
  expect((await store.page(null, 3, 9)).map(({ seq }) => seq)).toEqual([2, 1])
})

test('several that write at once make one chain', async () => {
  await using fresh = await withEntries(1)
  await Promise.all(Array.from({ length: 12 }, (_, n) => securitySink(fresh.db).append([entry(n), entry(n + 1)])))
  expect(await verify(fresh)).toEqual({ intact: true, records: 25 })
})

const DAMAGE: readonly (readonly [string, string, number | null, RegExp])[] = [
  ['a changed reason', `UPDATE security_log SET why = 'x' WHERE n = 3`, 3, /changed/],
  ['a changed number of times', `UPDATE security_log SET times = 1 WHERE n = 3`, 3, /changed/],
  [
    'a time that differs by a microsecond',
    `UPDATE security_log SET last_at = last_at + interval '1 microsecond' WHERE n = 3`,
    3,
    /changed/,
  ],
  ['a deleted entry', `DELETE FROM security_log WHERE n = 3`, 4, /deleted/],
  ['a deleted beginning', `DELETE FROM security_log WHERE n < 3`, 3, /deleted/],
  ['a cut end', `DELETE FROM security_log WHERE n > 3`, null, /missing/],
  [
    'a cut end with the head put back',
    `DELETE FROM security_log WHERE n > 3;
     UPDATE security_head SET n = 3, head = (SELECT head FROM security_log WHERE n = 3)`,
    null,
    /missing/,
  ],
  [
    'an end that was written anew',
    `UPDATE security_log SET times = 7, record_hash = sha256('x'),
       head = sha256((SELECT head FROM security_log WHERE n = 4) || sha256('x') || int8send(5)) WHERE n = 5;
     UPDATE security_head SET head = (SELECT head FROM security_log WHERE n = 5)`,
    5,
    /changed/,
  ],
]

test.each(DAMAGE)('%s is found', async (_, damage, seq, why) => {
  await using fresh = await withEntries(5)
  await securityKeeper(fresh.db).anchor()
  expect(await verify(fresh)).toMatchObject({ intact: true })
  await fresh.sql(damage)
  expect(await verify(fresh)).toMatchObject({ intact: false, seq, why: expect.stringMatching(why) })
})

test('an anchor is a record of the audit log, one for each head, and tells a log that was replaced', async () => {
  await using fresh = await withEntries(2)
  const keeper = securityKeeper(fresh.db)
  await keeper.anchor()
  await keeper.anchor()
  const anchors = await auditStore(fresh.db).page({ action: 'security_log' }, null, 9)
  expect(anchors.map(({ targetId }) => targetId)).toEqual(['2'])
  expect(await verifyAuditChain(auditStore(fresh.db))).toMatchObject({ intact: true, records: 1 })
  await fresh.sql(`DELETE FROM security_log; UPDATE security_head SET n = 0, head = '', kept_from = 1, kept_head = ''`)
  await securitySink(fresh.db).append([entry(7), entry(8), entry(9)])
  expect(await verify(fresh)).toMatchObject({ intact: false, seq: 2, why: expect.stringMatching(/another head/) })
})

test('only so many are kept, only so long, and the chain goes on', async () => {
  await using fresh = await withEntries(9)
  const keeper = securityKeeper(fresh.db)
  await keeper.anchor()
  const days = 365 * 100
  expect(await keeper.forget({ days, most: 4 })).toBe(5)
  expect(await verify(fresh)).toEqual({ intact: true, records: 4 })
  await securitySink(fresh.db).append([{ ...entry(0), at: new Date(), lastAt: new Date() }])
  expect(await keeper.forget({ days: 30, most: 100 })).toBe(4)
  expect(await verify(fresh)).toEqual({ intact: true, records: 1 })
  expect(await keeper.forget({ days: 30, most: 100 })).toBe(0)
  await fresh.sql('DELETE FROM security_log')
  expect(await verify(fresh)).toMatchObject({ intact: false })
})
