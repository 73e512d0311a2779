import { sql } from 'kysely'
import type { GatewayId } from '#/access/ids.ts'
import type { Actor } from '#/gateways/gateway-store.ts'
import { auditGateway } from './gateway-audit.ts'
import { PLACE_GONE, type PlaceBefore } from './audited.ts'
import type { WriteTx } from './store.ts'

interface Gone {
  readonly name: string
  readonly place: PlaceBefore
  /** How many of each kind it offered. */
  readonly offered: Readonly<Record<'tools' | 'prompts' | 'resources', number>>
}

/** Deletes a gateway with all it offers; the virtual servers that offered some of it are read again. */
export async function removeGateway(
  tx: WriteTx,
  { id, ifMatch }: { readonly id: GatewayId; readonly ifMatch: number | null },
  actor: Actor,
): Promise<boolean> {
  const { rows } = await sql<{ readonly gone: Gone | null; readonly servers: readonly string[] | null }>`
    WITH gone AS (
      DELETE FROM gateways WHERE id = ${id} AND (${ifMatch}::int IS NULL OR version = ${ifMatch}::int) RETURNING json_build_object('name', name, 'place', ${PLACE_GONE}) AS it
    )
    SELECT (SELECT jsonb_build_object('offered', json_build_object(
             'tools', (SELECT count(*)::int FROM tools WHERE gateway_id = ${id}),
             'prompts', (SELECT count(*)::int FROM prompts WHERE gateway_id = ${id}),
             'resources', (SELECT count(*)::int FROM resources WHERE gateway_id = ${id}))) || it::jsonb FROM gone) AS gone,
           (SELECT array_agg(DISTINCT i.server_id::text) FROM server_items AS i
             LEFT JOIN tools AS t ON t.id = i.tool_id
             LEFT JOIN prompts AS p ON p.id = i.prompt_id
             LEFT JOIN resources AS r ON r.id = i.resource_id
            WHERE ${id} IN (t.gateway_id, p.gateway_id, r.gateway_id)) AS servers`.execute(tx.sql)
  const row = rows[0]
  const gone = row?.gone
  if (!gone) return false
  tx.changed('gateway', id)
  tx.changed('server', ...(row?.servers ?? []))
  const detail = { name: gone.name, was: { ...gone.place, ...gone.offered } }
  auditGateway(tx, actor, { action: 'gateways.delete', id, detail })
  return true
}
