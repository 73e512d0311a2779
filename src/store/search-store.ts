import { sql } from 'kysely'
import type { TaggedIds } from '#/http/rest-search.ts'
import { pace } from '#/lib/pace.ts'
import type { Database } from './store.ts'

const BEARERS = ['gateways', 'servers', 'tools', 'prompts', 'resources'] as const
const ID_LENGTH = 32

/** What bears one of some tags. The ids come as one text, which is taken apart in slices: there may be very many. */
export function taggedIds(db: Pick<Database, 'read'>): TaggedIds {
  return async (tags) => {
    const wanted = sql`ARRAY[${sql.join(tags)}]::text[]`
    const union = sql.join(
      BEARERS.map(
        (table) => sql`SELECT i.id::text AS id FROM ${sql.table(table)} AS i WHERE i.tags <> '[]' AND EXISTS (
          SELECT 1 FROM jsonb_array_elements(i.tags) AS t WHERE t ->> 'id' = ANY (${wanted}))`,
      ),
      sql` UNION ALL `,
    )
    const { ids } = await db
      .read('search')
      .selectFrom(
        sql<{ readonly ids: string }>`(SELECT coalesce(string_agg(id, ''), '') AS ids FROM (${union}) AS one)`.as(
          'all',
        ),
      )
      .select('ids')
      .executeTakeFirstOrThrow()
    const slice = pace()
    const found = new Set<string>()
    for (let at = 0; at < ids.length; at += ID_LENGTH) {
      found.add(ids.slice(at, at + ID_LENGTH))
      if (slice.due()) await slice.rest()
    }
    return found
  }
}
