import { sql } from 'kysely'
import type { GatewayId } from '#/access/ids.ts'
import type { Actor } from '#/gateways/gateway-store.ts'
import { auditGateway } from './gateway-audit.ts'
import { PLACE_GONE, type PlaceBefore } from './audited.ts'
import { versionIs } from './item-writes.ts'
import type { WriteTx } from './store.ts'

interface Gone {
  readonly name: string
  readonly place: PlaceBefore
  /** How many of each kind it offered. */
  readonly tools: number
  readonly prompts: number
  readonly resources: number
  readonly servers: readonly string[] | null
}

/** Deletes a gateway with all it offers; the virtual servers that offered some of it are read again. */
export async function removeGateway(
  tx: WriteTx,
  { id, ifMatch }: { readonly id: GatewayId; readonly ifMatch: number | null },
  actor: Actor,
): Promise<boolean> {
  const { rows } = await sql<Gone>`
    WITH gone AS (
      DELETE FROM gateways WHERE id = ${id} AND ${versionIs(ifMatch)} RETURNING name, ${PLACE_GONE} AS place
    )
    SELECT name, place,
           (SELECT count(*)::int FROM tools WHERE gateway_id = ${id}) AS tools,
           (SELECT count(*)::int FROM prompts WHERE gateway_id = ${id}) AS prompts,
           (SELECT count(*)::int FROM resources WHERE gateway_id = ${id}) AS resources,
           (SELECT array_agg(DISTINCT i.server_id::text) FROM server_items AS i
             LEFT JOIN tools AS t ON t.id = i.tool_id
             LEFT JOIN prompts AS p ON p.id = i.prompt_id
             LEFT JOIN resources AS r ON r.id = i.resource_id
            WHERE ${id} IN (t.gateway_id, p.gateway_id, r.gateway_id)) AS servers
      FROM gone`.execute(tx.sql)
  const [gone] = rows
  if (gone === undefined) return false
  const { name, place, servers, ...offered } = gone
  tx.changed('gateway', id)
  tx.changed('server', ...(servers ?? []))
  const detail = { name, was: { ...place, ...offered } }
  auditGateway(tx, actor, { action: 'gateways.delete', id, detail })
  return true
}
