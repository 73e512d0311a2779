import { sql, type RawBuilder } from 'kysely'
import type { Changed, GatewayWriter, Refreshed } from '#/gateways/gateway-store.ts'
import { announceItems, applyItems, isShort } from './discovery-store.ts'
import { auditGateway, goneIn } from './gateway-audit.ts'
import { observed } from './gateway-columns.ts'
import type { Database, WriteTx } from './store.ts'
import { writeTogether } from './write-together.ts'

const SOURCE = 'gateways'

/** Stores what re-discoveries found, those that end at the same time in one transaction. */
export function gatewayRefresh(db: Database): GatewayWriter['applied'] {
  return writeTogether<Refreshed, Changed | undefined>({
    most: 25,
    isSmall: ({ observation }) => isShort(observation),
    keyOf: ({ seen }) => seen.id,
    writeAll: async (all) => {
      const { value: hits, seq } = await db.write(SOURCE, (tx) => refreshAll(tx, all))
      return all.map((one) => (hits.has(one) ? { seq } : undefined))
    },
  })
}

/** Who asks where nobody did. */
const OWN_CARE = { by: 'system' }

const NAME = sql`(SELECT name FROM gateways WHERE id = gateway_id)`

/** Those that nobody came before. */
async function refreshAll(tx: WriteTx, all: readonly Refreshed[]): Promise<ReadonlySet<Refreshed>> {
  const parts = all.map((one, n) => sql`${sql.ref(`hit_${n}`)} AS (${stateUpdate(tx, one)})`)
  const found = all.map((_, n) => sql`SELECT gateway_id AS id, ${NAME} AS name FROM ${sql.ref(`hit_${n}`)}`)
  const { rows } = await sql<{ readonly id: string; readonly name: string }>`
    WITH ${sql.join(parts)} ${sql.join(found, sql` UNION ALL `)}`.execute(tx.sql)
  const names = new Map(rows.map(({ id, name }) => [id, name]))
  const hits = all.filter(({ seen }) => names.has(seen.id))
  const servers = await applyItems(
    tx,
    hits.map(({ seen, actor, observation }) => ({ gatewayId: seen.id, actor, found: observation })),
  )
  for (const [n, { seen, actor, observation }] of hits.entries()) {
    if (n > 0) tx.another()
    tx.changed('gateway', seen.id)
    announceItems(tx, seen.id, observation)
    const gone = goneIn(observation)
    const detail = { name: names.get(seen.id), gone }
    if (actor !== null || gone !== null)
      auditGateway(tx, actor ?? OWN_CARE, { action: 'gateways.refresh', id: seen.id, detail })
  }
  tx.changed('server', ...servers)
  return new Set(hits)
}

function stateUpdate(tx: WriteTx, { seen, observation, nextCheckIn }: Refreshed): RawBuilder<unknown> {
  return sql`${tx.sql
    .updateTable('gateway_states')
    .set({ ...observed(observation, nextCheckIn), registration_attempts: 0 })
    .where('gateway_id', '=', seen.id)
    .where(sql<boolean>`last_refresh_at IS NOT DISTINCT FROM ${seen.lastRefreshAt}::timestamptz`)
    .where((q) =>
      q.exists(q.selectFrom('gateways').select('id').where('id', '=', seen.id).where('version', '=', seen.version)),
    )
    .returning('gateway_id')}`
}
