import { sql, type RawBuilder } from 'kysely'
import type { TeamId, UserId } from '#/access/ids.ts'
import type { Visibility } from '#/access/principal.ts'
import type { Tagged, TaggedKind, TagReader } from '#/tags/tag-endpoints.ts'
import type { Database } from './store.ts'

interface Row {
  readonly tag: string
  readonly kind: TaggedKind
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly owner_id: UserId | null
  readonly team_id: TeamId | null
  readonly visibility: Visibility
}

/** What is said of the thing: by an operator, or else by its server. */
const DESCRIPTIONS: Readonly<Record<TaggedKind, RawBuilder<unknown>>> = {
  tools: sql`coalesce(i.custom_description, i.definition::json ->> 'description')`,
  prompts: sql`coalesce(i.custom_description, i.definition::json ->> 'description')`,
  resources: sql`coalesce(i.custom_description, i.definition::json ->> 'description')`,
  servers: sql`i.description`,
  gateways: sql`i.description`,
}

/** Tags in PostgreSQL: they live on what bears them. */
export function tagStore(db: Database): TagReader {
  const read = db.read('tags')
  return {
    tagged: async (kinds, tag) => {
      const of = (kind: TaggedKind) => sql`
        SELECT t ->> 'id' AS tag, ${kind} AS kind, i.id::text, i.name, ${DESCRIPTIONS[kind]} AS description,
               i.owner_id::text, i.team_id::text, i.visibility::text
          FROM ${sql.table(kind)} AS i, jsonb_array_elements(i.tags) AS t
         WHERE i.enabled AND i.tags <> '[]' AND (${tag}::text IS NULL OR t ->> 'id' = ${tag})`
      const union = sql<Row>`(${sql.join(
        kinds.map((kind) => of(kind)),
        sql` UNION ALL `,
      )})`
      const rows = await read.selectFrom(union.as('tagged')).selectAll().orderBy('kind').orderBy('name').execute()
      return rows.map(taggedOf)
    },
  }
}

function taggedOf({ owner_id, team_id, ...row }: Row): Tagged {
  return { ...row, ownerId: owner_id, teamId: team_id }
}
