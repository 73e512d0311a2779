import { expect, test } from 'vitest'
import { UserId } from '#/access/ids.ts'
import { nextHead, recordHash } from '#/store/audit-record.ts'
import { changesSince, pruneChanges } from '#/store/change-feed.ts'
import { testDatabase } from '../support/database.ts'

interface AuditRow extends Record<string, unknown> {
  readonly seq: number
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly target_kind: string
  readonly target_id: string
  readonly detail: string
  readonly record_hash: Buffer
  readonly head: Buffer
}

test('eight writers at once: numbers without gaps, in the order of commits, each announced once', async () => {
  await using t = await testDatabase({ poolSize: 8 })
  const seen: number[] = []
  const writer = async () => {
    const own: number[] = []
    for (let n = 0; n < 25; n += 1) {
      const { seq } = await t.db
        .write('tests', async (tx) => {
          tx.changed('user', UserId.mint(), UserId.mint())
          if (n % 5 === 4) throw new Error('aborted')
        })
        .catch(() => ({ seq: null }))
      if (seq !== null) own.push(seq)
    }
    expect(own).toEqual(own.toSorted((a, b) => a - b))
    seen.push(...own)
  }
  await Promise.all(Array.from({ length: 8 }, writer))
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 160 }, (_, n) => n + 1))
  const { seq, changes } = await changesSince(t.db, 0)
  expect(seq).toBe(160)
  expect(changes?.map((change) => change.seq)).toEqual(Array.from({ length: 320 }, (_, n) => Math.floor(n / 2) + 1))
})

test('a reader that follows the numbers never misses a change, whenever it looks', async () => {
  await using t = await testDatabase({ poolSize: 8 })
  const found: number[] = []
  let at = 0
  let writing = true
  const follow = async () => {
    for (;;) {
      const last = !writing
      const { seq, changes } = await changesSince(t.db, at)
      found.push(...(changes ?? []).map((change) => change.seq))
      at = seq
      if (last) return
    }
  }
  const following = follow()
  const write = () => t.db.write('tests', async (tx) => tx.changed('user', UserId.mint()))
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      for (let n = 0; n < 20; n += 1) await write()
    }),
  )
  writing = false
  await following
  expect(found).toEqual(Array.from({ length: 120 }, (_, n) => n + 1))
})

test('the audit chain can be verified by anybody who has the rows', async () => {
  await using t = await testDatabase({ poolSize: 4 })
  await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      t.db.write('tests', async (tx) => {
        tx.audit({
          actor: "o'neil \\ ☃",
          action: 'user.create',
          targetKind: 'user',
          targetId: String(n),
          detail: { n, quote: "it's \\u0000 \n $$" },
        })
      }),
    ),
  )
  const rows = await t.sql<AuditRow>(
    'SELECT seq::int, at, actor, action, target_kind, target_id, detail, record_hash, head FROM audit_log ORDER BY seq',
  )
  expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1))
  let head: Buffer = Buffer.alloc(0)
  for (const row of rows) {
    const hash = recordHash({ ...row, targetKind: row.target_kind, targetId: row.target_id })
    expect(hash.equals(row.record_hash)).toBe(true)
    head = nextHead(head, hash, row.seq)
    expect(head.equals(row.head)).toBe(true)
  }
  expect(JSON.parse(rows[3]?.detail ?? '')).toMatchObject({ quote: "it's \\u0000 \n $$" })
  expect(await t.sql('SELECT audit_head FROM change_clock')).toEqual([{ audit_head: head }])
})

test('a transaction with a second audit record fails as a whole', async () => {
  await using t = await testDatabase()
  const entry = { actor: 'a', action: 'b', targetKind: 'c', targetId: 'd', detail: {} }
  const twice = t.db.write('tests', async (tx) => {
    tx.audit(entry)
    tx.audit(entry)
  })
  await expect(twice).rejects.toMatchObject({ code: 'internal' })
  expect(await t.sql('SELECT 1 FROM audit_log')).toEqual([])
})

test('a reader behind what is kept, ahead of the clock, or too far behind is told to load anew', async () => {
  await using t = await testDatabase()
  for (let n = 0; n < 6; n += 1) await t.db.write('tests', async (tx) => tx.changed('user', UserId.mint()))
  await t.sql("UPDATE changes SET at = now() - interval '9 days' WHERE seq IN (1, 3)")
  expect(await pruneChanges(t.db, 7)).toBe(3)
  const answers = await Promise.all(
    [2, 3, 6, 7].map(async (seq) => (await changesSince(t.db, seq)).changes?.length ?? null),
  )
  expect(answers).toEqual([null, 3, 0, null])
  expect((await changesSince(t.db, 3, 2)).changes).toBeNull()
  expect(await pruneChanges(t.db, 7)).toBe(0)
})
