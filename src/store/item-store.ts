import { sql, type RawBuilder } from 'kysely'
import type { ItemChange, ItemReader, ItemWriter, StoredItem } from '#/api/items.ts'
import { readRemembered } from './idempotency-store.ts'
import { itemConditions, itemWriter, type ItemTable } from './item-writes.ts'
import { cutPage } from './page.ts'
import { placeOf } from './place-of.ts'
import { seenBy } from './seen.ts'
import { serverOwner } from './server-owner.ts'
import type { Database, Reader } from './store.ts'
import { readTotals } from './totals-rows.ts'

export interface ItemStoreOptions<Item> extends ItemTable {
  /** What is unique among what is declared here: a column of `i`. */
  readonly key: 'i.original_name' | 'i.uri'
  /** The items `i` that meet a condition, from new to old. */
  readonly rows: (read: Reader, where: RawBuilder<boolean>, limit: number | null) => Promise<readonly Item[]>
}

/** Items of one kind in PostgreSQL. */
export function itemStore<Item extends StoredItem<string>, Change extends ItemChange>(
  db: Database,
  { rows, key, ...table }: ItemStoreOptions<Item>,
): ItemReader<Item, Item['id']> & ItemWriter<Item['id'], Change> {
  const read = db.read(table.table)
  const one = async (where: RawBuilder<boolean>): Promise<Item | undefined> => (await rows(read, where, 1))[0]
  return {
    page: async (request, filter) => {
      const limit = request.limit === null ? null : request.limit + 1
      return cutPage(await rows(read, itemConditions(table.kind, request, filter), limit), request.limit)
    },
    seen: async (id, { sight }) => await one(sql<boolean>`i.id = ${id} AND ${seenBy('i', sight)}`),
    place: placeOf(read, table.table),
    byId: async (id) => await one(sql<boolean>`i.id = ${id}`),
    namesake: async ({ name, key: keyed }, { sight, except }) => {
      const named = [
        ...(keyed === undefined ? [] : [sql<boolean>`(i.gateway_id IS NULL AND ${sql.ref(key)} = ${keyed})`]),
        ...(name === undefined ? [] : [sql<boolean>`i.name = ${name}`]),
      ]
      if (named.length === 0) return undefined
      const seen = sql<boolean>`${seenBy('i', sight)} AND (i.gateway_id IS NULL OR ${seenBy('g', sight)})`
      return await one(sql<boolean>`(${sql.join(named, sql` OR `)}) AND i.id <> ${except} AND ${seen}`)
    },
    remembered: (userId, value) => readRemembered(read, userId, value),
    totals: (ids) => readTotals(read, table.kind, ids),
    serverOwner: (id) => serverOwner(read, id),
    ...(itemWriter(db, table) as ItemWriter<Item['id'], Change>),
  }
}
