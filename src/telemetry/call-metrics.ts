import { Histogram, type Registry } from 'prom-client'

/** What the measures of a call are told apart by. Few values each: what a client can choose freely is not among them. */
export interface CallMeasured {
  readonly method: string
  readonly outcome: string
  readonly clientEra: string
  readonly upstreamEra: string | null
  readonly queueMs: number
  readonly upstreamMs: number
  readonly totalMs: number
}

const METHODS: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'server/discover',
  'tools/list',
  'tools/call',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'prompts/list',
  'prompts/get',
  'completion/complete',
  'logging/setLevel',
])

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const MAX_SERIES = 1_000

type Observe = (seconds: number) => void

/** Measures calls. On the path of each: one look-up and two observations, about a microsecond. */
export function callMetrics(registry: Registry): (call: CallMeasured) => void {
  const registers = [registry]
  const labelNames = ['method', 'outcome', 'client_era', 'upstream_era'] as const
  const whole = new Histogram({
    name: 'causeway_call_duration_seconds',
    help: 'Calls from the front door to the last byte of the answer',
    labelNames,
    buckets: BUCKETS,
    registers,
  })
  const own = new Histogram({
    name: 'causeway_call_overhead_seconds',
    help: 'The part of a call that was neither spent upstream nor queued for it',
    buckets: BUCKETS,
    registers,
  })
  const series = new Map<string, Observe>()
  return ({ method, outcome, clientEra, upstreamEra, queueMs, upstreamMs, totalMs }) => {
    const key = `${method} ${outcome} ${clientEra} ${upstreamEra}`
    let observe = series.get(key)
    if (observe === undefined) {
      const known = METHODS.has(method) ? method : 'other'
      const bound = whole.labels(known, outcome, clientEra, upstreamEra ?? 'none')
      observe = (seconds) => bound.observe(seconds)
      if (series.size < MAX_SERIES) series.set(key, observe)
    }
    observe(totalMs / 1000)
    own.observe(Math.max(0, totalMs - upstreamMs - queueMs) / 1000)
  }
}
