import type { Registry } from 'prom-client'
import { registerHistogram, Series } from './bucket-histogram.ts'

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

type CallLabels = Readonly<Record<'method' | 'outcome' | 'client_era' | 'upstream_era', string>>

/** Measures calls. On the path of each: a look through the few kinds of calls there are, and two additions. */
export function callMetrics(registry: Registry): (call: CallMeasured) => void {
  const kinds: Series<CallLabels>[] = []
  const own = new Series({}, BUCKETS)
  registerHistogram(registry, {
    name: 'causeway_call_duration_seconds',
    help: 'Calls from the front door to the last byte of the answer',
    series: () => kinds,
  })
  registerHistogram(registry, {
    name: 'causeway_call_overhead_seconds',
    help: 'The part of a call that was neither spent upstream nor queued for it',
    series: () => [own],
  })
  return (call) => {
    const kind = kindOf(kinds, call, call.method) ?? rarerKind(kinds, call)
    kind.observe(call.totalMs / 1000)
    own.observe(Math.max(0, call.totalMs - call.upstreamMs - call.queueMs) / 1000)
  }
}

function kindOf(
  kinds: readonly Series<CallLabels>[],
  { outcome, clientEra, upstreamEra }: CallMeasured,
  method: string,
): Series<CallLabels> | undefined {
  for (const kind of kinds) {
    const { labels } = kind
    if (
      labels.method === method &&
      labels.outcome === outcome &&
      labels.client_era === clientEra &&
      labels.upstream_era === (upstreamEra ?? 'none')
    )
      return kind
  }
  return undefined
}

/** A kind not seen before. All methods that nobody knows are one. */
function rarerKind(kinds: Series<CallLabels>[], call: CallMeasured): Series<CallLabels> {
  const method = METHODS.has(call.method) ? call.method : 'other'
  const known = kindOf(kinds, call, method)
  if (known !== undefined) return known
  const { outcome, clientEra, upstreamEra } = call
  const made = new Series({ method, outcome, client_era: clientEra, upstream_era: upstreamEra ?? 'none' }, BUCKETS)
  kinds.push(made)
  return made
}
