import { expect, test } from 'vitest'
import { type CallFinished, finishedCalls, lostRecords, signInRefusals } from './events.ts'
import { createLogger } from './logger.ts'
import { createMetrics, mergeMetrics, type Metrics } from './metrics.ts'

const records = { queued: 3, spilledBytes: 10, overflowed: 0 }

function worker(snapshotAgeMs: number): {
  metrics: Metrics
  lines: string[]
  telemetry: Parameters<typeof finishedCalls>[0]
} {
  const lines: string[] = []
  const log = createLogger({ level: 'info', worker: 'w1', to: { write: (line) => void lines.push(line) } })
  const metrics = createMetrics({
    snapshotAgeMs: () => snapshotAgeMs,
    callsInFlight: () => 2,
    database: () => ({ total: 5, idle: 4, waiting: 1 }),
    records: () => records,
  })
  return { metrics, lines, telemetry: { log, metrics } }
}

const call: CallFinished = {
  requestId: 'r',
  method: 'tools/call',
  outcome: 'ok',
  clientEra: 'modern',
  upstreamEra: 'legacy',
  targetId: null,
  gatewayId: null,
  attempts: 1,
  queueMs: 1,
  upstreamMs: 2,
  totalMs: 4,
}

test('calls are counted by method, outcome and eras; what clients choose freely makes no series', async () => {
  const { metrics, telemetry, lines } = worker(0)
  const finished = finishedCalls(telemetry)
  finished(call)
  finished(call)
  finished({ ...call, upstreamEra: null, method: 'x"} 1\nfoo', outcome: 'method_not_found' })
  const text = await metrics.text()
  const labels = 'method="tools/call",outcome="ok",client_era="modern",upstream_era="legacy"'
  expect(text).toContain(`causeway_call_duration_seconds_count{${labels}} 2`)
  expect(text).toContain(`causeway_call_duration_seconds_bucket{le="0.0025",${labels}} 0`)
  expect(text).toContain(`causeway_call_duration_seconds_bucket{le="0.005",${labels}} 2`)
  expect(text).toContain('method="other",outcome="method_not_found",client_era="modern",upstream_era="none"')
  expect(text).toContain('causeway_call_overhead_seconds_bucket{le="0.001"} 3')
  expect(text).not.toContain('foo')
  expect(lines.map((line) => JSON.parse(line).outcome)).toEqual(['method_not_found'])
})

test('one server that fails all the time fills no log, and hides no other kind of failure', () => {
  const { telemetry, lines } = worker(0)
  const finished = finishedCalls(telemetry)
  for (let n = 0; n < 5_000; n++) finished({ ...call, outcome: 'upstream_busy' })
  finished({ ...call, outcome: 'upstream_invalid' })
  const outcomes = lines.map((line) => (JSON.parse(line) as { outcome: string }).outcome)
  expect(outcomes.at(-1)).toBe('upstream_invalid')
  // Ten a second, and the loop may touch two of them.
  expect(outcomes.length).toBeLessThanOrEqual(21)
  expect(outcomes.length).toBeGreaterThan(10)
})

test('workers are summed, ages are as old as the oldest', async () => {
  const [a, b] = [worker(1000), worker(4000)]
  finishedCalls(a.telemetry)(call)
  finishedCalls(b.telemetry)(call)
  const lost = lostRecords(b.telemetry)
  for (const records of [3, 2, 2]) lost(records, { why: 'spill_full' })
  const sent: unknown = JSON.parse(JSON.stringify([await a.metrics.data(), await b.metrics.data()]))
  const text = await mergeMetrics(sent as Parameters<typeof mergeMetrics>[0])
  expect(text).toContain('causeway_snapshot_age_seconds 4')
  expect(text).toContain('causeway_workers 2')
  expect(text).toContain('causeway_calls_in_flight 4')
  expect(text).toContain('causeway_database_connections_in_use 2')
  expect(text).toContain('causeway_usage_records_queued 6')
  expect(text).toContain('causeway_usage_records_lost_total 7')
  expect(text).toMatch(/causeway_call_duration_seconds_count\{.*\} 2/)
})

test('records that found the queue full count as lost', async () => {
  const { metrics } = worker(0)
  records.overflowed = 5
  expect(await metrics.text()).toContain('causeway_usage_records_lost_total 5')
  records.overflowed = 8
  expect(await metrics.text()).toContain('causeway_usage_records_lost_total 8')
  records.overflowed = 0
})

test('a flood of refusals is counted whole and logged in part', async () => {
  const { metrics, telemetry, lines } = worker(0)
  const refused = signInRefusals(telemetry)
  for (let i = 0; i < 5000; i++) refused({ requestId: 'r', fromIp: '127.0.0.1', why: 'no token' })
  expect(lines.length).toBeGreaterThanOrEqual(10)
  expect(lines.length).toBeLessThan(100)
  expect(await metrics.text()).toContain('causeway_sign_ins_refused_total 5000')
})
