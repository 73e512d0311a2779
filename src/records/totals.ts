/** Sums over the calls of one thing, or of all things of a kind. Times in ms; null where there was no call. */
export interface Totals {
  readonly calls: number
  readonly failures: number
  readonly totalMs: number
  readonly minMs: number | null
  readonly maxMs: number | null
  /** ISO 8601. */
  readonly lastAt: string | null
}

export type TotalsKind = 'tool' | 'prompt' | 'resource' | 'server' | 'gateway'

/** The totals of one thing; the name is null where the thing has been deleted. */
export interface NamedTotals extends Totals {
  readonly id: string
  readonly name: string | null
  readonly gatewayId: string | null
}

/** What summaries need of storage. */
export interface TotalsReader {
  byKind(): Promise<ReadonlyMap<TotalsKind, Totals>>
  /** The most called first. */
  most(kind: 'tool' | 'gateway', limit: number): Promise<readonly NamedTotals[]>
}

export const NO_CALLS: Totals = { calls: 0, failures: 0, totalMs: 0, minMs: null, maxMs: null, lastAt: null }
