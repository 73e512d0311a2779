import type { ResourceId } from '#/access/ids.ts'
import type { Resource, ResourceChange, ResourceReader, ResourceWriter } from '#/resources/resource.ts'
import { ITEM_COLUMNS, itemOf, itemTimes } from './item-rows.ts'
import { itemConditions, itemWriter } from './item-writes.ts'
import { cutPage } from './page.ts'
import { serverOwner } from './server-owner.ts'
import type { Database, Reader } from './store.ts'

/** Resources and resource templates in PostgreSQL. */
export function resourceStore(db: Database): ResourceReader & ResourceWriter {
  const read = db.read('resources')
  const writer = itemWriter(db, { table: 'resources', kind: 'resource' })
  return {
    page: async (request, filter) => {
      const rows = await query(read)
        .where('i.is_template', '=', filter.templates)
        .where(itemConditions('resource', request, filter))
        .orderBy('i.created_at', 'desc')
        .orderBy('i.id', 'desc')
        .$if(request.limit !== null, (q) => q.limit((request.limit ?? 0) + 1))
        .execute()
      return cutPage(rows.map(resourceOf), request.limit)
    },
    byId: async (id) => {
      const row = await query(read).where('i.id', '=', id).executeTakeFirst()
      return row && resourceOf(row)
    },
    serverOwner: (id) => serverOwner(read, id),
    update: (id, change, to) => writer.update(id, columnsOf(change), to),
    remove: (id, to) => writer.remove(id, to),
  }
}

function query(read: Reader) {
  return read
    .selectFrom('resources as i')
    .innerJoin('gateways as g', 'g.id', 'i.gateway_id')
    .leftJoin('users as u', 'u.id', 'i.owner_id')
    .select([...ITEM_COLUMNS, 'i.name', 'i.uri', 'i.is_template', 'i.mime_type'])
    .select([...itemTimes()])
}

type Row = Awaited<ReturnType<ReturnType<typeof query>['execute']>>[number]

function resourceOf(row: Row): Resource {
  return {
    ...itemOf<ResourceId>(row),
    name: row.name,
    uri: row.uri,
    isTemplate: row.is_template,
    mimeType: row.mime_type,
  }
}

function columnsOf(change: ResourceChange): Record<string, unknown> {
  const { customTitle, customDescription, tags, ...plain } = change
  return {
    ...plain,
    ...(customTitle === undefined ? {} : { custom_title: customTitle }),
    ...(customDescription === undefined ? {} : { custom_description: customDescription }),
    ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
  }
}
