import { sql, type RawBuilder } from 'kysely'
import type { GatewayChange } from '#/gateways/gateway-store.ts'
import type { WriteTx } from './store.ts'

type Restated = Pick<GatewayChange, 'id' | 'renamed' | 'visibilityBefore'> & {
  readonly declaration: Pick<GatewayChange['declaration'], 'visibility'>
}

/** New names for a gateway's items and its new visibility for those that shared the old one: one statement. */
export async function restateItems(tx: WriteTx, change: Restated): Promise<void> {
  const names = JSON.stringify(change.renamed ?? [])
  await sql`
    WITH given AS (SELECT * FROM json_to_recordset(${names}::json) AS x (id text, name text)),
      t AS (${named('tools', change)}),
      p AS (${named('prompts', change)})
    UPDATE resources AS i SET visibility = ${change.declaration.visibility}
     WHERE i.gateway_id = ${change.id} AND i.visibility = ${change.visibilityBefore}`.execute(tx.sql)
}

function named(table: 'tools' | 'prompts', { id, declaration, visibilityBefore }: Restated): RawBuilder<unknown> {
  return sql`
    UPDATE ${sql.table(table)} AS i
       SET name = coalesce((SELECT g.name FROM given AS g WHERE g.id = i.id), i.name),
           visibility = CASE WHEN i.visibility = ${visibilityBefore} THEN ${declaration.visibility} ELSE i.visibility END
     WHERE i.gateway_id = ${id}
       AND (i.visibility = ${visibilityBefore} OR EXISTS (SELECT 1 FROM given AS g WHERE g.id = i.id))`
}
