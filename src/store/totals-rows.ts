import { sql } from 'kysely'
import type { Totals } from '#/api/call-totals.ts'
import { isoOrNull } from './columns.ts'
import type { Database, Reader } from './store.ts'

export interface TotalsRow {
  readonly calls: number | string
  readonly failures: number | string
  readonly total_ms: number
  readonly min_ms: number | null
  readonly max_ms: number | null
  readonly last_at: string | null
}

/** A sum of bigints is a numeric, which the driver gives as text. */
export function totalsOf({ calls, failures, total_ms, min_ms, max_ms, last_at }: TotalsRow): Totals {
  return {
    calls: Number(calls),
    failures: Number(failures),
    totalMs: total_ms,
    minMs: min_ms,
    maxMs: max_ms,
    lastAt: last_at,
  }
}

/** What was counted of these things, by id. */
export async function readTotals(
  read: Reader,
  kind: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Totals>> {
  if (ids.length === 0) return new Map()
  const rows = await read
    .selectFrom('usage_totals as s')
    .select(['s.target_id', 's.calls', 's.failures', 's.total_ms', 's.min_ms', 's.max_ms'])
    .select(isoOrNull('s.last_at').as('last_at'))
    .where('s.kind', '=', kind)
    .where('s.target_id', 'in', ids)
    .execute()
  return new Map(rows.map((row) => [row.target_id, totalsOf(row)]))
}

/** Forgets what was counted of one thing. */
export async function purgeTotals(db: Database, kind: string, id: string): Promise<void> {
  await db.statement('metrics', () => sql`DELETE FROM usage_totals WHERE kind = ${kind} AND target_id = ${id}`)
}
