import type { ToolId } from '#/access/ids.ts'
import type { Tool, ToolChange, ToolReader, ToolWriter } from '#/tools/tool.ts'
import { ITEM_COLUMNS, itemOf, itemTimes, reachable } from './item-rows.ts'
import { itemConditions, itemWriter } from './item-writes.ts'
import { cutPage } from './page.ts'
import { serverOwner } from './server-owner.ts'
import type { Database, Reader } from './store.ts'

/** Tools in PostgreSQL. */
export function toolStore(db: Database): ToolReader & ToolWriter {
  const read = db.read('tools')
  const writer = itemWriter(db, { table: 'tools', kind: 'tool' })
  return {
    page: async (request, filter) => {
      const rows = await query(read)
        .where(itemConditions('tool', request, filter))
        .orderBy('i.created_at', 'desc')
        .orderBy('i.id', 'desc')
        .$if(request.limit !== null, (q) => q.limit((request.limit ?? 0) + 1))
        .execute()
      return cutPage(rows.map(toolOf), request.limit)
    },
    byId: async (id) => {
      const row = await query(read).where('i.id', '=', id).executeTakeFirst()
      return row && toolOf(row)
    },
    serverOwner: (id) => serverOwner(read, id),
    update: (id, change, to) => writer.update(id, columnsOf(change), to),
    remove: (id, to) => writer.remove(id, to),
  }
}

function query(read: Reader) {
  return read
    .selectFrom('tools as i')
    .innerJoin('gateways as g', 'g.id', 'i.gateway_id')
    .innerJoin('gateway_states as s', 's.gateway_id', 'g.id')
    .leftJoin('users as u', 'u.id', 'i.owner_id')
    .select([...ITEM_COLUMNS, 'i.name', 'i.original_name', 'i.custom_name', 'i.display_name', 'i.deprecated', 'g.url'])
    .select([...itemTimes(), reachable()])
}

type Row = Awaited<ReturnType<ReturnType<typeof query>['execute']>>[number]

export function toolOf(row: Row): Tool {
  return {
    ...itemOf<ToolId>(row),
    name: row.name,
    originalName: row.original_name,
    customName: row.custom_name,
    displayName: row.display_name,
    deprecated: row.deprecated,
    gatewayUrl: row.url,
    reachable: row.reachable,
  }
}

function columnsOf(change: ToolChange): Record<string, unknown> {
  const { customName, displayName, customTitle, customDescription, tags, ...plain } = change
  return {
    ...plain,
    ...(customName === undefined ? {} : { custom_name: customName }),
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(customTitle === undefined ? {} : { custom_title: customTitle }),
    ...(customDescription === undefined ? {} : { custom_description: customDescription }),
    ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
  }
}
