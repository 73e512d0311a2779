import { sql } from 'kysely'
import type { NamedTotals, TotalsKind, TotalsReader } from '#/records/totals.ts'
import { isoOrNull } from './columns.ts'
import { recentCalls } from './recent-calls.ts'
import type { Database } from './store.ts'
import { totalsOf } from './totals-rows.ts'

const SOURCE = 'metrics'

/** Sums of calls in PostgreSQL: kept up to date by the records, so that asking reads none of them. */
export function totalsStore(db: Database): TotalsReader {
  const read = db.read(SOURCE)
  return {
    recent: recentCalls(db),
    reset: (what, by) => reset(db, what, by),
    byKind: async () => {
      const rows = await read
        .selectFrom((from) =>
          from
            .selectFrom('usage_totals')
            .select(({ fn }) => [
              'kind',
              fn.sum<string>('calls').as('calls'),
              fn.sum<string>('failures').as('failures'),
              fn.sum<number>('total_ms').as('total_ms'),
              fn.min('min_ms').as('min_ms'),
              fn.max('max_ms').as('max_ms'),
              fn.max('last_at').as('last_at'),
            ])
            .groupBy('kind')
            .as('s'),
        )
        .select(['kind', 'calls', 'failures', 'total_ms', 'min_ms', 'max_ms', isoOrNull('s.last_at').as('last_at')])
        .execute()
      return new Map(rows.map((row) => [row.kind as TotalsKind, totalsOf(row)]))
    },
    most: async (kind, limit) => {
      const rows = await read
        .selectFrom('usage_totals as s')
        .select([
          's.target_id',
          's.gateway_id',
          sql<string | null>`(SELECT name FROM ${sql.table(`${kind}s`)} AS n WHERE n.id = s.target_id)`.as('name'),
          's.calls',
          's.failures',
          's.total_ms',
          's.min_ms',
          's.max_ms',
        ])
        .select(isoOrNull('s.last_at').as('last_at'))
        .where('s.kind', '=', kind)
        .orderBy('s.calls', 'desc')
        .orderBy('s.target_id')
        .limit(limit)
        .execute()
      return rows.map((row): NamedTotals => ({
        id: row.target_id,
        name: row.name,
        gatewayId: row.gateway_id,
        ...totalsOf(row),
      }))
    },
  }
}

async function reset(
  db: Database,
  { kind, id }: { readonly kind: TotalsKind | null; readonly id: string | null },
  by: string,
): Promise<void> {
  await db.write(SOURCE, async (tx) => {
    await sql`
      DELETE FROM usage_totals
       WHERE (${kind}::text IS NULL OR kind = ${kind}) AND (${id}::text IS NULL OR target_id = ${id})`.execute(tx.sql)
    tx.audit({ actor: by, action: 'metrics.reset', targetKind: kind ?? 'all', targetId: id ?? '', detail: {} })
  })
}
