import type { Totals } from '#/api/call-totals.ts'

export type TotalsKind = 'tool' | 'prompt' | 'resource' | 'server' | 'gateway'

/** The totals of one thing; the name is null where the thing has been deleted. */
export interface NamedTotals extends Totals {
  readonly id: string
  readonly name: string | null
  readonly gatewayId: string | null
}

/** What one thing did in the last seconds. Times in ms; the name is null where the thing has been deleted. */
export interface RecentCalls {
  readonly kind: string
  readonly id: string
  readonly gatewayId: string | null
  readonly name: string | null
  readonly calls: number
  readonly failures: number
  readonly p50: number
  readonly p99: number
  readonly most: number
}

/** What summaries need of storage. */
export interface TotalsReader {
  /** Forgets what was counted: of one thing, of a kind, or of everything. */
  reset(what: { readonly kind: TotalsKind | null; readonly id: string | null }, by: string): Promise<void>
  byKind(): Promise<ReadonlyMap<TotalsKind, Totals>>
  /** The most called first. */
  most(kind: TotalsKind, limit: number): Promise<readonly NamedTotals[]>
  /** The most called first. */
  recent(seconds: number, limit: number): Promise<readonly RecentCalls[]>
}
