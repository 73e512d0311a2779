import type { RawBuilder } from 'kysely'
import type { ResourceId } from '#/access/ids.ts'
import type { Resource, ResourceStore } from '#/resources/resource.ts'
import { ITEM_COLUMNS, itemOf, itemTimes } from './item-rows.ts'
import { itemStore } from './item-store.ts'
import type { Database, Reader } from './store.ts'

/** Resources and resource templates in PostgreSQL. What is stored as content is read from the catalog, not here. */
export function resourceStore(db: Database): ResourceStore {
  return itemStore(db, {
    table: 'resources',
    kind: 'resource',
    key: 'i.uri',
    rows: async (read, where, limit) => (await query(read, where, limit).execute()).map(resourceOf),
  })
}

function query(read: Reader, where: RawBuilder<boolean>, limit: number | null) {
  return read
    .selectFrom('resources as i')
    .leftJoin('gateways as g', 'g.id', 'i.gateway_id')
    .leftJoin('users as u', 'u.id', 'i.owner_id')
    .select([...ITEM_COLUMNS, 'i.name', 'i.uri', 'i.is_template', 'i.mime_type'])
    .select([...itemTimes()])
    .where(where)
    .orderBy('i.created_at', 'desc')
    .orderBy('i.id', 'desc')
    .$if(limit !== null, (q) => q.limit(limit ?? 0))
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
