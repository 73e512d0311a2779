import { sql, type RawBuilder } from 'kysely'
import type { GatewayChange } from '#/gateways/gateway-store.ts'
import { kept, MOST_KEPT } from './audited.ts'
import type { WriteTx } from './store.ts'

type Restated = Pick<GatewayChange, 'id' | 'renamed' | 'placeBefore'> & {
  readonly declaration: Pick<GatewayChange['declaration'], 'teamId' | 'visibility'>
}

/** Items that did not stand where their gateway stood, as [id, visibility]: with them a record can say where all of them stood. */
export interface Apart {
  readonly items: readonly (readonly [id: string, visibility: string])[]
  readonly moreItems?: true
}

/** New names for a gateway's items, its new team, and its new visibility for those that shared the old one: one statement. */
export async function restateItems(tx: WriteTx, change: Restated): Promise<Apart> {
  const names = JSON.stringify(change.renamed ?? [])
  const { rows } = await sql<{ readonly apart: Apart['items'] | null }>`
    WITH given AS (SELECT * FROM json_to_recordset(${names}::json) AS x (id text, name text)),
      t AS (${named('tools', change)}),
      p AS (${named('prompts', change)}),
      r AS (UPDATE resources AS i SET ${placed(change)} WHERE i.gateway_id = ${change.id} AND ${moves(change)})
    SELECT json_agg(json_build_array(id, visibility)) AS apart FROM (${apart(change)}) AS those`.execute(tx.sql)
  const { list, more } = kept(rows[0]?.apart ?? null)
  return { items: list, ...(more && { moreItems: true }) }
}

function apart({ id, placeBefore }: Restated): RawBuilder<unknown> {
  if (placeBefore === null) return sql`SELECT NULL AS id, NULL AS visibility WHERE false`
  const of = (table: 'tools' | 'prompts' | 'resources'): RawBuilder<unknown> =>
    sql`SELECT id, visibility FROM ${sql.table(table)} WHERE gateway_id = ${id} AND visibility <> ${placeBefore.visibility}`
  return sql`${of('tools')} UNION ALL ${of('prompts')} UNION ALL ${of('resources')} LIMIT ${MOST_KEPT + 1}`
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
