import { expect, test } from 'vitest'
import { ServerId } from '../../src/access/ids.ts'
import { recordSink } from '../../src/store/record-store.ts'
import { testDatabase } from '../support/database.ts'
import { gatewayId, many, tokenId, toolId, usageRecord, userId } from './records.ts'

const batch = (firstN: number, records = many(3)) => ({ writer: 'w1', epoch: 'e1', firstN, records })

test('every field of a record is stored as it was', async () => {
  await using fresh = await testDatabase()
  const serverId = ServerId.mint()
  await recordSink(fresh.db).append(batch(1, [usageRecord({ serverId, outcome: 'tool_error', requestId: 'abc' })]))
  const [row] = await fresh.sql(`SELECT * FROM usage_records`)
  expect(row).toMatchObject({
    at: new Date(Date.UTC(2026, 0, 1)),
    request_id: 'abc',
    kind: 'tool',
    target_id: toolId,
    gateway_id: gatewayId,
    server_id: serverId,
    client_era: 'modern',
    upstream_era: 'legacy',
    rule: 'admin',
    upstream_ms: 2.5,
    response_bytes: String(2 ** 33),
    outcome: 'tool_error',
    may_have_run: true,
  })
  expect(await fresh.sql(`SELECT kind, target_id, calls, failures FROM usage_totals ORDER BY kind`)).toEqual([
    { kind: 'gateway', target_id: gatewayId, calls: '1', failures: '1' },
    { kind: 'server', target_id: serverId, calls: '1', failures: '1' },
    { kind: 'tool', target_id: toolId, calls: '1', failures: '1' },
  ])
})

test('a batch whose acknowledgement was lost counts once, whole or in part', async () => {
  await using fresh = await testDatabase()
  const sink = recordSink(fresh.db)
  await sink.append(batch(1))
  await sink.append(batch(1))
  await sink.append(batch(2, many(4, 1)))
  await sink.append({ ...batch(1), epoch: 'e2' })
  const [counted] = await fresh.sql(`SELECT calls, min_ms, max_ms, total_ms FROM usage_totals WHERE kind = 'tool'`)
  expect(counted).toEqual({ calls: '8', min_ms: 4, max_ms: 4, total_ms: 32 })
  const rows = await fresh.sql<{ request_id: string }>(`SELECT request_id FROM usage_records ORDER BY request_id`)
  expect(rows.map((row) => row.request_id)).toEqual(['r0', 'r0', 'r1', 'r1', 'r2', 'r2', 'r3', 'r4'])
  expect(await fresh.sql(`SELECT epoch, last_n FROM record_writers ORDER BY epoch`)).toEqual([
    { epoch: 'e1', last_n: '5' },
    { epoch: 'e2', last_n: '3' },
  ])
})

test('the same batch sent many times at the same moment counts once', async () => {
  await using fresh = await testDatabase()
  const sink = recordSink(fresh.db)
  for (let round = 0; round < 10; round++)
    await Promise.all(Array.from({ length: 4 }, () => sink.append(batch(1 + 50 * round, many(50, 50 * round)))))
  expect(await fresh.sql(`SELECT count(*)::int AS n, count(DISTINCT request_id)::int AS d FROM usage_records`)).toEqual(
    [{ n: 500, d: 500 }],
  )
  expect(await fresh.sql(`SELECT calls FROM usage_totals WHERE kind = 'tool'`)).toEqual([{ calls: '500' }])
})

test('writers that count the same targets at once neither lose nor block each other', async () => {
  await using fresh = await testDatabase()
  const sink = recordSink(fresh.db)
  const targets = Array.from({ length: 20 }, (_, i) => i.toString(16).padStart(32, '0'))
  const shuffled = (w: number) => targets.map((_, i) => usageRecord({ targetId: targets[(i * 7 + w) % 20] ?? null }))
  await Promise.all(
    Array.from({ length: 4 }, async (_, w) => {
      for (let i = 0; i < 20; i++)
        await sink.append({ writer: `w${w}`, epoch: 'e', firstN: 1 + 20 * i, records: shuffled(w) })
    }),
  )
  const totals = await fresh.sql(`SELECT DISTINCT calls FROM usage_totals WHERE kind = 'tool'`)
  expect(totals).toEqual([{ calls: '80' }])
})

test('what clients may have put into names is stored as far as text can', async () => {
  await using fresh = await testDatabase()
  const records = [
    usageRecord({ method: 'a\0b\ud800', requestId: 'x'.repeat(9000) }),
    usageRecord({ method: '\\u0000' }),
  ]
  await recordSink(fresh.db).append(batch(1, records))
  const rows = await fresh.sql<{ method: string; length: number }>(
    `SELECT method, length(request_id) AS length FROM usage_records ORDER BY length DESC`,
  )
  expect(rows).toEqual([
    { method: 'ab\ufffd', length: 256 },
    { method: '\\u0000', length: 1 },
  ])
})

test('a token shows when it was last used, to the minute, and no version of it changes', async () => {
  await using fresh = await testDatabase()
  await fresh.sql(`INSERT INTO users (id, email) VALUES ($1, 'a@b.c')`, [userId])
  await fresh.sql(`INSERT INTO tokens (id, user_id, name, hash, hint) VALUES ($1, $2, 't', '', '')`, [tokenId, userId])
  const lastUsed = async () => (await fresh.sql(`SELECT last_used_at, version FROM tokens`))[0]
  const sink = recordSink(fresh.db)
  const at = Date.UTC(2026, 0, 1)
  await sink.append(batch(1, [usageRecord({ at }), usageRecord({ at: at - 5 })]))
  expect(await lastUsed()).toEqual({ last_used_at: new Date(at), version: 1 })
  await sink.append(batch(3, [usageRecord({ at: at + 59_000 })]))
  expect(await lastUsed()).toEqual({ last_used_at: new Date(at), version: 1 })
  await sink.append(batch(4, [usageRecord({ at: at + 61_000 })]))
  expect(await lastUsed()).toEqual({ last_used_at: new Date(at + 61_000), version: 1 })
})
