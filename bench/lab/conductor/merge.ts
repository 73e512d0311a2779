import type { Sums } from '../generator/orders.ts'
import type { KindParts, TickParts } from '../generator/tally.ts'
import { Histogram, type HistogramParts } from '../histogram.ts'
import type { FailureRow, KindResult, Tick } from '../results.ts'

const total = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0)

const together = (parts: readonly HistogramParts[]): Histogram =>
  parts.reduce((all, one) => all.merge(one), new Histogram())

/** A second of all generators. */
export function mergeTicks(parts: readonly TickParts[]): Omit<Tick, 'database' | 'gateway'> {
  const ends = (histogram: Histogram) => ({ p50: histogram.at(0.5), p99: histogram.at(0.99) })
  return {
    at: parts[0]?.at ?? 0,
    users: total(parts, ({ users }) => users),
    inFlight: total(parts, ({ inFlight }) => inFlight),
    answered: total(parts, ({ answered }) => answered),
    failed: total(parts, ({ failed }) => failed),
    refused: total(parts, ({ refused }) => refused),
    openStreams: total(parts, ({ openStreams }) => openStreams),
    added: ends(together(parts.map(({ added }) => added))),
    lists: ends(together(parts.map(({ lists }) => lists))),
  }
}

/** What is through the gateway first, the rarest last. */
export function mergeKinds(sums: readonly Sums[]): KindResult[] {
  const all = Map.groupBy(
    sums.flatMap(({ kinds }) => kinds),
    ({ kind }) => kind,
  )
  const isControl = ({ kind }: KindResult): number => (kind.startsWith('relay ') ? 1 : 0)
  return [...all]
    .map(([kind, parts]) => kindOf(kind, parts))
    .toSorted((a, b) => isControl(a) - isControl(b) || b.total.count - a.total.count)
}

const kindOf = (kind: string, parts: readonly KindParts[]): KindResult => ({
  kind,
  answered: total(parts, ({ answered }) => answered),
  failed: total(parts, ({ failed }) => failed),
  refused: total(parts, ({ refused }) => refused),
  total: together(parts.map((part) => part.total)).percentiles(),
  added: together(parts.map(({ added }) => added)).percentiles(),
})

/** The most frequent first. */
export function mergeFailures(sums: readonly Sums[]): FailureRow[] {
  const all = Map.groupBy(
    sums.flatMap(({ failures }) => failures),
    ({ kind, reason }) => `${kind} ${reason}`,
  )
  return [...all.values()]
    .map((rows) => ({ ...(rows[0] as FailureRow), count: total(rows, ({ count }) => count) }))
    .toSorted((a, b) => b.count - a.count)
}
