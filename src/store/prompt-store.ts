import type { RawBuilder } from 'kysely'
import type { PromptId } from '#/access/ids.ts'
import type { Prompt, PromptStore } from '#/prompts/prompt.ts'
import { ITEM_COLUMNS, itemOf, itemTimes } from './item-rows.ts'
import { itemStore } from './item-store.ts'
import type { Database, Reader } from './store.ts'

/** Prompts in PostgreSQL. */
export function promptStore(db: Database): PromptStore {
  return itemStore(db, {
    table: 'prompts',
    kind: 'prompt',
    key: 'i.original_name',
    rows: async (read, where, limit) => (await query(read, where, limit).execute()).map(promptOf),
  })
}

function query(read: Reader, where: RawBuilder<boolean>, limit: number | null) {
  return read
    .selectFrom('prompts as i')
    .leftJoin('gateways as g', 'g.id', 'i.gateway_id')
    .leftJoin('users as u', 'u.id', 'i.owner_id')
    .select([...ITEM_COLUMNS, 'i.name', 'i.original_name', 'i.custom_name', 'i.display_name', 'i.template'])
    .select([...itemTimes()])
    .where(where)
    .orderBy('i.created_at', 'desc')
    .orderBy('i.id', 'desc')
    .$if(limit !== null, (q) => q.limit(limit ?? 0))
}

type Row = Awaited<ReturnType<ReturnType<typeof query>['execute']>>[number]

function promptOf(row: Row): Prompt {
  return {
    ...itemOf<PromptId>(row),
    name: row.name,
    originalName: row.original_name,
    customName: row.custom_name,
    displayName: row.display_name,
    template: row.template,
  }
}
