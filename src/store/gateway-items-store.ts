import { sql, type RawBuilder } from 'kysely'
import type { GatewayChange } from '#/gateways/gateway-store.ts'
import type { WriteTx } from './store.ts'

type Restated = Pick<GatewayChange, 'id' | 'renamed' | 'placeBefore'> & {
  readonly declaration: Pick<GatewayChange['declaration'], 'teamId' | 'visibility'>
}

/** New names for a gateway's items, its new team, and its new visibility for those that shared the old one: one statement. */
export async function restateItems(tx: WriteTx, change: Restated): Promise<void> {
  const names = JSON.stringify(change.renamed ?? [])
  await sql`
    WITH given AS (SELECT * FROM json_to_recordset(${names}::json) AS x (id text, name text)),
      t AS (${named('tools', change)}),
      p AS (${named('prompts', change)})
    UPDATE resources AS i SET ${placed(change)}
     WHERE i.gateway_id = ${change.id} AND ${moves(change)}`.execute(tx.sql)
}

function named(table: 'tools' | 'prompts', change: Restated): RawBuilder<unknown> {
  return sql`
    UPDATE ${sql.table(table)} AS i
       SET name = coalesce((SELECT g.name FROM given AS g WHERE g.id = i.id), i.name), ${placed(change)}
     WHERE i.gateway_id = ${change.id}
       AND (${moves(change)} OR EXISTS (SELECT 1 FROM given AS g WHERE g.id = i.id))`
}

const moves = ({ placeBefore }: Restated): RawBuilder<boolean> => sql`${placeBefore !== null}::boolean`

/** Without a team nothing can be shown to one: then it is seen as its gateway is. */
function placed({ declaration: { teamId, visibility }, placeBefore }: Restated): RawBuilder<unknown> {
  if (placeBefore === null) return sql`team_id = i.team_id`
  return sql`team_id = ${teamId}, visibility = CASE
    WHEN i.visibility = ${placeBefore.visibility} OR (${teamId}::text IS NULL AND i.visibility = 'team') THEN ${visibility}
    ELSE i.visibility END`
}
