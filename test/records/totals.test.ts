import { expect, test } from 'vitest'
import { GatewayId, PromptId, ServerId, ToolId } from '../../src/access/ids.ts'
import { metricsEndpoints } from '../../src/records/metrics-endpoints.ts'
import { forgetOldRecords } from '../../src/records/retention.ts'
import { forgetIdempotencyKeys } from '../../src/store/idempotency-store.ts'
import { recordAttic } from '../../src/store/record-attic.ts'
import { recordSink } from '../../src/store/record-store.ts'
import { totalsStore } from '../../src/store/totals-store.ts'
import { testDatabase } from '../support/database.ts'
import { gatewayId, many, toolId, usageRecord } from './records.ts'

const none = {
  totalExecutions: 0,
  successfulExecutions: 0,
  failedExecutions: 0,
  failureRate: 0,
  minResponseTime: null,
  maxResponseTime: null,
  avgResponseTime: null,
  lastExecutionTime: null,
}

test('summaries per kind, tool and gateway, in seconds', async () => {
  await using fresh = await testDatabase()
  const [summary] = metricsEndpoints({ totals: totalsStore(fresh.db), prometheus: async () => '' })
  const ask = async (limit?: number) => (await summary?.handle({ query: { limit } } as never))?.body
  expect(await ask()).toEqual({
    tools: none,
    resources: none,
    servers: none,
    prompts: none,
    gateways: none,
    perTool: [],
    perGateway: [],
    topPerformers: { tools: [], resources: [], prompts: [], servers: [] },
  })
  await fresh.sql(`INSERT INTO gateways (id, name, slug, url) VALUES ($1, 'G', 'g', 'http://x')`, [gatewayId])
  await fresh.sql(
    `INSERT INTO tools (id, gateway_id, original_name, name, custom_name, definition, digest)
     VALUES ($1, $2, 't', 'g-t', 't', '{}', '')`,
    [toolId, gatewayId],
  )
  const [otherTool, serverId, otherGateway] = [ToolId.mint(), ServerId.mint(), GatewayId.mint()]
  const records = [
    usageRecord({ totalMs: 100 }),
    usageRecord({ totalMs: 300, outcome: 'tool_error', serverId, at: Date.UTC(2026, 0, 2) }),
    usageRecord({ totalMs: 50, targetId: otherTool, gatewayId: otherGateway, outcome: 'upstream_timeout' }),
    usageRecord({ kind: 'prompt', targetId: PromptId.mint(), totalMs: 8 }),
    usageRecord({ kind: 'other', targetId: null, gatewayId: null, method: 'tools/list' }),
  ]
  await recordSink(fresh.db).append({ writer: 'w', epoch: 'e', firstN: 1, records })
  const last = '2026-01-02T00:00:00.000000Z'
  const both = { minResponseTime: 0.1, maxResponseTime: 0.3, avgResponseTime: 0.2, lastExecutionTime: last }
  expect(await ask()).toMatchObject({
    tools: {
      totalExecutions: 3,
      successfulExecutions: 1,
      failedExecutions: 2,
      minResponseTime: 0.05,
      avgResponseTime: 0.15,
    },
    prompts: { totalExecutions: 1, failureRate: 0, minResponseTime: 0.008 },
    servers: { totalExecutions: 1, failureRate: 1 },
    gateways: { totalExecutions: 4 },
    perTool: [
      { id: toolId, name: 'g-t', gatewayId, totalExecutions: 2, failureRate: 0.5, ...both },
      { id: otherTool, name: null, gatewayId: otherGateway, totalExecutions: 1 },
    ],
    perGateway: [
      { id: gatewayId, name: 'G', totalExecutions: 3 },
      { id: otherGateway, name: null, totalExecutions: 1 },
    ],
    topPerformers: {
      tools: [
        { id: toolId, name: 'g-t', avgResponseTime: 0.2 },
        { name: null, executionCount: 1, successRate: 0 },
      ],
    },
  })
  expect(await ask(1)).toMatchObject({ perTool: [{ id: toolId }], perGateway: [{ id: gatewayId }] })
})

test('old records are deleted in slices, newer ones and sums stay', async () => {
  await using fresh = await testDatabase()
  const old = many(25).map((record) => ({ ...record, at: Date.now() - 31 * 86_400_000 }))
  const recent = many(5).map((record) => ({ ...record, at: Date.now() - 29 * 86_400_000 }))
  await recordSink(fresh.db).append({ writer: 'w', epoch: 'e', firstN: 1, records: [...old, ...recent] })
  await fresh.sql(
    `INSERT INTO record_writers (writer, epoch, updated_at) VALUES ('w', 'gone', now() - interval '91 days')`,
  )
  const { signal } = new AbortController()
  expect(await forgetOldRecords(recordAttic(fresh.db), { recordDays: 30, signal, slice: 10 })).toBe(25)
  expect(await fresh.sql(`SELECT count(*)::int AS n FROM usage_records`)).toEqual([{ n: 5 }])
  expect(await fresh.sql(`SELECT calls FROM usage_totals WHERE kind = 'tool'`)).toEqual([{ calls: '30' }])
  expect(await fresh.sql(`SELECT epoch FROM record_writers`)).toEqual([{ epoch: 'e' }])
})

test('idempotency keys are forgotten after a day', async () => {
  await using fresh = await testDatabase()
  await fresh.sql(
    `INSERT INTO idempotency_keys (user_id, key, request_hash, target_id, created_at)
     SELECT $1, k, '', $1, now() - k::int * interval '10 hours' FROM unnest(ARRAY['0', '1', '2', '3', '4']) AS k`,
    ['0'.repeat(32)],
  )
  expect(await forgetIdempotencyKeys(fresh.db, 1)).toBe(1)
  expect(await forgetIdempotencyKeys(fresh.db)).toBe(1)
  expect(await forgetIdempotencyKeys(fresh.db)).toBe(0)
})
