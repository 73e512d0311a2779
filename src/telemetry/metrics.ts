import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { MetricObjectWithValues, MetricValue } from 'prom-client'
// Part by part: the whole loads three times as many modules for defaults and a gateway to push to, neither of which we use.
import AggregatorRegistry from 'prom-client/lib/cluster.js'
import Counter from 'prom-client/lib/counter.js'
import Gauge from 'prom-client/lib/gauge.js'
import Registry from 'prom-client/lib/registry.js'
import { callMetrics, type CallMeasured } from './call-metrics.ts'

/** What is read from the parts of a worker when somebody asks for its metrics. */
export interface MetricSources {
  readonly snapshotAgeMs: () => number
  readonly callsInFlight: () => number
  readonly database: () => { readonly total: number; readonly idle: number; readonly waiting: number }
  readonly records: () => { readonly queued: number; readonly spilledBytes: number; readonly overflowed: number }
}

/** The metrics of one worker as plain data, to be sent to whoever merges them. */
export type MetricsData = readonly MetricObjectWithValues<MetricValue<string>>[]

export interface Metrics {
  readonly call: (call: CallMeasured) => void
  readonly signInRefused: () => void
  readonly recordsLost: (records: number) => void
  readonly connectionHeld: (source: string) => void
  readonly data: () => Promise<MetricsData>
  /** Prometheus text of this worker alone. */
  readonly text: () => Promise<string>
}

type Read = readonly [name: string, help: string, read: () => number, aggregator?: 'sum' | 'max' | 'min']

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const loop = monitorEventLoopDelay({ resolution: 10 })
  loop.enable()
  const loopDelay = (): number => {
    const seconds = Math.max(0, loop.percentile(99) - 10e6) / 1e9
    loop.reset()
    return seconds
  }
  for (const [name, help, read, aggregator = 'sum'] of gaugesOf(sources, loopDelay))
    gauge({ name, help, read, aggregator, registers })
  const refused = new Counter({
    name: 'causeway_sign_ins_refused_total',
    help: 'Requests without a valid token',
    registers,
  })
  const lost = new Counter({
    name: 'causeway_usage_records_lost_total',
    help: 'Usage records that will never be stored',
    registers,
  })
  const held = new Counter({
    name: 'causeway_connections_held_total',
    help: 'Transactions that tried to wait for something other than the database: defects, ended at once',
    labelNames: ['source'],
    registers,
  })
  let overflowed = 0
  const countOverflow = (): void => {
    const now = sources.records().overflowed
    lost.inc(now - overflowed)
    overflowed = now
  }
  return {
    call: callMetrics(registry),
    signInRefused: () => refused.inc(),
    recordsLost: (records) => lost.inc(records),
    connectionHeld: (source) => held.inc({ source }),
    async data() {
      countOverflow()
      return await registry.getMetricsAsJSON()
    },
    async text() {
      countOverflow()
      return await registry.metrics()
    },
  }
}

/** One text for all workers: sums, but for what is as bad as its worst. */
export async function mergeMetrics(workers: readonly MetricsData[]): Promise<string> {
  return await AggregatorRegistry.aggregate(workers.map((each) => [...each])).metrics()
}

function gaugesOf(sources: MetricSources, loopDelay: () => number): readonly Read[] {
  const { database, records } = sources
  return [
    ['causeway_workers', 'Workers that answered', () => 1],
    [
      'causeway_snapshot_age_seconds',
      'Since the database last confirmed the catalog',
      () => sources.snapshotAgeMs() / 1000,
      'max',
    ],
    ['causeway_calls_in_flight', 'Calls that have not ended', sources.callsInFlight],
    ['causeway_database_connections', 'Open connections to the database', () => database().total],
    [
      'causeway_database_connections_in_use',
      'Connections that run a statement',
      () => database().total - database().idle,
    ],
    ['causeway_database_waiting', 'Waiting for a connection to the database', () => database().waiting],
    ['causeway_usage_records_queued', 'Usage records in memory', () => records().queued],
    [
      'causeway_usage_records_spilled_bytes',
      'Usage records on disk, waiting for the database',
      () => records().spilledBytes,
    ],
    [
      'causeway_event_loop_delay_seconds',
      'How late the event loop is, 99th percentile since the last look',
      loopDelay,
      'max',
    ],
    ['causeway_resident_memory_bytes', 'Memory of the workers', () => process.memoryUsage.rss()],
    ['causeway_heap_used_bytes', 'Memory of the workers that objects use', () => process.memoryUsage().heapUsed],
    ['causeway_cpu_seconds', 'CPU time of the workers since their start', cpuSeconds],
    ['causeway_start_time_seconds', 'When the oldest worker started', () => performance.timeOrigin / 1000, 'min'],
  ]
}

interface GaugeOptions {
  readonly name: string
  readonly help: string
  readonly read: () => number
  readonly aggregator: 'sum' | 'max' | 'min'
  readonly registers: Registry[]
}

/** A measure that is read when asked for and costs nothing in between. */
function gauge({ read, ...options }: GaugeOptions): void {
  const made: Gauge = new Gauge({ ...options, collect: () => made.set(read()) })
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
