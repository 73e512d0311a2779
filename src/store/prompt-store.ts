import type { PromptId } from '#/access/ids.ts'
import type { Prompt, PromptChange, PromptReader, PromptWriter } from '#/prompts/prompt.ts'
import { ITEM_COLUMNS, itemOf, itemTimes } from './item-rows.ts'
import { itemConditions, itemWriter } from './item-writes.ts'
import { cutPage } from './page.ts'
import { serverOwner } from './server-owner.ts'
import type { Database, Reader } from './store.ts'

/** Prompts in PostgreSQL. */
export function promptStore(db: Database): PromptReader & PromptWriter {
  const read = db.read('prompts')
  const writer = itemWriter(db, { table: 'prompts', kind: 'prompt' })
  return {
    page: async (request, filter) => {
      const rows = await query(read)
        .where(itemConditions('prompt', request, filter))
        .orderBy('i.created_at', 'desc')
        .orderBy('i.id', 'desc')
        .$if(request.limit !== null, (q) => q.limit((request.limit ?? 0) + 1))
        .execute()
      return cutPage(rows.map(promptOf), request.limit)
    },
    byId: async (id) => {
      const row = await query(read).where('i.id', '=', id).executeTakeFirst()
      return row && promptOf(row)
    },
    serverOwner: (id) => serverOwner(read, id),
    update: (id, change, to) => writer.update(id, columnsOf(change), to),
    remove: (id, to) => writer.remove(id, to),
  }
}

function query(read: Reader) {
  return read
    .selectFrom('prompts as i')
    .innerJoin('gateways as g', 'g.id', 'i.gateway_id')
    .leftJoin('users as u', 'u.id', 'i.owner_id')
    .select([...ITEM_COLUMNS, 'i.name', 'i.original_name', 'i.custom_name', 'i.display_name'])
    .select([...itemTimes()])
}

type Row = Awaited<ReturnType<ReturnType<typeof query>['execute']>>[number]

export function promptOf(row: Row): Prompt {
  return {
    ...itemOf<PromptId>(row),
    name: row.name,
    originalName: row.original_name,
    customName: row.custom_name,
    displayName: row.display_name,
  }
}

function columnsOf(change: PromptChange): Record<string, unknown> {
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
