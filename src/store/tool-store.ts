import { sql, type RawBuilder } from 'kysely'
import type { ToolId } from '#/access/ids.ts'
import type { Tool, ToolBacking, ToolStore } from '#/tools/tool.ts'
import { ITEM_COLUMNS, itemOf, itemTimes, reachable } from './item-rows.ts'
import { itemStore } from './item-store.ts'
import type { Database, Reader } from './store.ts'

/** Tools in PostgreSQL. */
export function toolStore(db: Database): ToolStore {
  return itemStore(db, {
    table: 'tools',
    kind: 'tool',
    key: 'i.original_name',
    rows: async (read, where, limit) => (await query(read, where, limit).execute()).map(toolOf),
  })
}

function query(read: Reader, where: RawBuilder<boolean>, limit: number | null) {
  return read
    .selectFrom('tools as i')
    .leftJoin('gateways as g', 'g.id', 'i.gateway_id')
    .leftJoin('gateway_states as s', 's.gateway_id', 'g.id')
    .leftJoin('users as u', 'u.id', 'i.owner_id')
    .select([...ITEM_COLUMNS, 'i.name', 'i.original_name', 'i.custom_name', 'i.display_name', 'i.deprecated'])
    .select(['i.backing', 'i.credential', 'g.url'])
    .select(sql<string | null>`coalesce(g.transport, s.transport)`.as('transport'))
    .select([...itemTimes(), reachable()])
    .where(where)
    .orderBy('i.created_at', 'desc')
    .orderBy('i.id', 'desc')
    .$if(limit !== null, (q) => q.limit(limit ?? 0))
}

type Row = Awaited<ReturnType<ReturnType<typeof query>['execute']>>[number]

function toolOf(row: Row): Tool {
  return {
    ...itemOf<ToolId>(row),
    name: row.name,
    originalName: row.original_name,
    customName: row.custom_name,
    displayName: row.display_name,
    deprecated: row.deprecated,
    gatewayUrl: row.url,
    transport: row.transport,
    reachable: row.reachable,
    backing: row.backing as ToolBacking | null,
    credential: row.credential,
  }
}
