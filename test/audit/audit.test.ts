import { expect, test } from 'vitest'
import { verifyAuditChain } from '../../src/audit/verify-chain.ts'
import { forgetOldAudit } from '../../src/audit/retention.ts'
import { auditAttic, auditStore } from '../../src/store/audit-store.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'

async function withRecords(count: number): Promise<TestDatabase> {
  const fresh = await testDatabase()
  for (let i = 0; i < count; i++)
    await fresh.db.write('test', async (tx) => {
      tx.audit({
        actor: 'a',
        action: 'test',
        targetKind: 'thing',
        targetId: `${i}`,
        detail: { i, text: 'grüße 🌉 \\' },
      })
    })
  return fresh
}

test('an empty log is intact', async () => {
  await using fresh = await testDatabase()
  expect(await verifyAuditChain(auditStore(fresh.db))).toEqual({
    intact: true,
    records: 0,
    head: '',
    forgottenThrough: null,
    sealedFrom: null,
  })
})

test('a log that nobody touched is intact, also while others write at once and leave gaps', async () => {
  await using fresh = await withRecords(3)
  await fresh.db.write('test', async (tx) => tx.changed('tool', '0'.repeat(32)))
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      fresh.db.write('test', async (tx) => {
        tx.audit({ actor: 'a', action: 'at once', targetKind: 'thing', targetId: `${i}`, detail: {} })
      }),
    ),
  )
  expect(await verifyAuditChain(auditStore(fresh.db))).toMatchObject({ intact: true, records: 23 })
})

test('more records than one slice', async () => {
  await using fresh = await withRecords(1)
  await fresh.sql(`DELETE FROM audit_log`)
  await fresh.sql(`UPDATE change_clock SET audit_head = ''`)
  const write = () =>
    fresh.db.write('test', async (tx) => {
      tx.audit({ actor: 'a', action: 't', targetKind: 'k', targetId: 'i', detail: {} })
    })
  for (let i = 0; i < 1001; i++) await write()
  expect(await verifyAuditChain(auditStore(fresh.db))).toMatchObject({ intact: true, records: 1001 })
})

const DAMAGE: readonly (readonly [string, string, number | null, RegExp])[] = [
  ['a changed actor', `UPDATE audit_log SET actor = 'b' WHERE seq = 3`, 3, /changed/],
  ['a changed detail', `UPDATE audit_log SET detail = '{}' WHERE seq = 3`, 3, /changed/],
  ['a changed time', `UPDATE audit_log SET at = at + interval '1 second' WHERE seq = 3`, 3, /changed/],
  [
    'a time that differs by a microsecond',
    `UPDATE audit_log SET at = at + interval '1 microsecond' WHERE seq = 3`,
    3,
    /changed/,
  ],
  ['a deleted record', `DELETE FROM audit_log WHERE seq = 3`, 4, /deleted/],
  ['a deleted beginning', `DELETE FROM audit_log WHERE seq < 3`, 3, /deleted/],
  ['a cut end', `DELETE FROM audit_log WHERE seq > 3`, null, /missing/],
  ['everything deleted', `DELETE FROM audit_log`, null, /missing/],
  [
    'two that changed places',
    `UPDATE audit_log SET seq = -seq WHERE seq IN (3, 4); UPDATE audit_log SET seq = 7 + seq WHERE seq < 0`,
    3,
    /moved/,
  ],
  [
    'an inserted copy',
    `UPDATE audit_log SET seq = seq + 10 WHERE seq > 3;
     INSERT INTO audit_log SELECT 4, at, actor, action, target_kind, target_id, detail, record_hash, head FROM audit_log WHERE seq = 3`,
    4,
    /inserted/,
  ],
  ['a renumbered end', `UPDATE audit_log SET seq = 50 WHERE seq = 5`, 50, /renumbered/],
  ['a log that begins later', `UPDATE audit_log SET seq = seq + 100`, 101, /renumbered/],
  [
    'a cut end with the head put back',
    `DELETE FROM audit_log WHERE seq > 3; UPDATE change_clock SET audit_head = (SELECT head FROM audit_log WHERE seq = 3)`,
    null,
    /clock stands at 5, and 2 of the numbers after 3/,
  ],
  [
    'everything deleted, and the head with it',
    `DELETE FROM audit_log; UPDATE change_clock SET audit_head = ''`,
    null,
    /there is none, though the change clock stands at 5/,
  ],
  ['another head in the clock', `UPDATE change_clock SET audit_head = '\\x00'`, null, /missing/],
]

test.each(DAMAGE)('%s is found', async (_, damage, seq, why) => {
  await using fresh = await withRecords(5)
  await fresh.sql(damage)
  const verdict = await verifyAuditChain(auditStore(fresh.db))
  expect(verdict).toMatchObject({ intact: false, seq, why: expect.stringMatching(why) })
})

/** As records were chained whose heads do not say their numbers. */
const UNNUMBERED = `
  WITH RECURSIVE chain AS (
    SELECT seq, sha256(record_hash) AS head FROM audit_log WHERE seq = 1
    UNION ALL
    SELECT next.seq, sha256(chain.head || next.record_hash) FROM audit_log next, chain WHERE next.seq = chain.seq + 1
  ), written AS (UPDATE audit_log SET head = chain.head FROM chain WHERE audit_log.seq = chain.seq)
  UPDATE change_clock SET audit_head = (SELECT head FROM chain ORDER BY seq DESC LIMIT 1)`

test('a log that began before heads said numbers goes on with those that do', async () => {
  await using fresh = await withRecords(5)
  await fresh.sql(UNNUMBERED)
  expect(await verifyAuditChain(auditStore(fresh.db))).toMatchObject({ intact: true, records: 5 })
  await fresh.db.write('test', async (tx) => {
    tx.audit({ actor: 'a', action: 'later', targetKind: 'thing', targetId: 'x', detail: {} })
  })
  expect(await verifyAuditChain(auditStore(fresh.db))).toMatchObject({ intact: true, records: 6 })
  await fresh.sql(`UPDATE audit_log SET seq = 60 WHERE seq = 6`)
  expect(await verifyAuditChain(auditStore(fresh.db))).toMatchObject({ intact: false, seq: 60 })
})

test('after a head that says its number none is taken that does not', async () => {
  await using fresh = await withRecords(2)
  await fresh.sql(
    `UPDATE audit_log SET head = sha256((SELECT head FROM audit_log WHERE seq = 1) || record_hash) WHERE seq = 2`,
  )
  expect(await verifyAuditChain(auditStore(fresh.db))).toMatchObject({ intact: false, seq: 2 })
})

test('lists run from new to old', async () => {
  await using fresh = await withRecords(5)
  const store = auditStore(fresh.db)
  const first = await store.page({}, null, 2)
  expect(first.map((each) => each.targetId)).toEqual(['4', '3'])
  expect((await store.page({}, first.at(-1)?.seq ?? 0, 10)).map((each) => each.targetId)).toEqual(['2', '1', '0'])
})

const YEAR_MS = 365 * 86_400_000
const inTwoYears = new Date(Date.now() + 2 * YEAR_MS)

test('what was kept long enough is forgotten, and the chain says so and goes on', async () => {
  await using fresh = await withRecords(5)
  const [store, attic] = [auditStore(fresh.db), auditAttic(fresh.db)]
  const retention = { keepMs: YEAR_MS, signal: new AbortController().signal }
  expect(await forgetOldAudit(attic, retention)).toBe(0)
  const { head } = await store.tip()
  // Slices of two: the third forgets the last record, which the record of the second slice follows.
  expect(await forgetOldAudit(attic, { ...retention, now: inTwoYears, slice: 2 })).toBeGreaterThanOrEqual(5)
  const left = await store.page({}, null, 10)
  expect(left.map(({ action }) => action)).toEqual(['audit.forget'])
  expect(await verifyAuditChain(store)).toMatchObject({ intact: true, records: 1 })
  await fresh.db.write('test', async (tx) => {
    tx.audit({ actor: 'a', action: 'later', targetKind: 'thing', targetId: 'x', detail: {} })
  })
  expect(await verifyAuditChain(store)).toMatchObject({ intact: true, records: 2 })
  expect(await verifyAuditChain(store, { noted: head })).toMatchObject({ intact: false })
  await fresh.sql(`UPDATE audit_log SET detail = replace(detail, 'through', 'thr0ugh') WHERE action = 'audit.forget'`)
  expect(await verifyAuditChain(store)).toMatchObject({ intact: false })
})

test('records that vanish without a record of it are missed, also before those that were forgotten', async () => {
  await using fresh = await withRecords(5)
  await fresh.sql(`UPDATE audit_log SET at = at - interval '2 years' WHERE seq <= 2`)
  expect(await auditAttic(fresh.db).forget(new Date(Date.now() - YEAR_MS), 1)).toBe(1)
  await fresh.sql('DELETE FROM audit_log WHERE seq = 2')
  expect(await verifyAuditChain(auditStore(fresh.db))).toMatchObject({ intact: false, seq: 3 })
})

test('a log that was chained anew from its beginning is missed by a head that was noted', async () => {
  await using fresh = await withRecords(4)
  const store = auditStore(fresh.db)
  const [, , third] = await store.chain({ after: 0, last: 9, limit: 9 })
  expect(await verifyAuditChain(store, { noted: third?.head })).toMatchObject({ intact: true })
  await fresh.sql('DELETE FROM audit_log WHERE seq = 2')
  await fresh.sql(`
    WITH RECURSIVE chain AS (
      SELECT seq, sha256(record_hash || int8send(seq)) AS head FROM audit_log WHERE seq = 1
      UNION ALL
      SELECT next.seq, sha256(chain.head || next.record_hash || int8send(next.seq)) FROM audit_log next, chain
        WHERE next.seq = (SELECT min(seq) FROM audit_log WHERE seq > chain.seq)
    ), written AS (UPDATE audit_log SET head = chain.head FROM chain WHERE audit_log.seq = chain.seq)
    UPDATE change_clock SET audit_head = (SELECT head FROM chain ORDER BY seq DESC LIMIT 1)`)
  expect(await verifyAuditChain(store)).toMatchObject({ intact: true, records: 3 })
  expect(await verifyAuditChain(store, { noted: third?.head })).toMatchObject({
    intact: false,
    seq: null,
    why: expect.stringContaining('written anew'),
  })
})

test('records are found by who, what, to which and when', async () => {
  await using fresh = await withRecords(3)
  const store = auditStore(fresh.db)
  const ids = async (filter: Parameters<typeof store.page>[0]): Promise<readonly string[]> =>
    (await store.page(filter, null, 9)).map(({ targetId }) => targetId)
  expect(await ids({ actor: 'a', targetId: '1' })).toEqual(['1'])
  expect(await ids({ actor: 'b' })).toEqual([])
  expect(await ids({ action: 'test' })).toEqual(['2', '1', '0'])
  expect(await ids({ action: 'tes' })).toEqual([])
  expect(await ids({ targetKind: 'thing', until: new Date(0) })).toEqual([])
  expect(await ids({ since: new Date(0) })).toEqual(['2', '1', '0'])
})
