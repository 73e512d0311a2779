import { sql, type RawBuilder } from 'kysely'
import type { NamesAsked } from '#/declared/declared-store.ts'
import type { Existing, Kind } from '#/declared/step.ts'
import { folded, iso } from './columns.ts'
import type { Reader } from './store.ts'

/** What bears a name that somebody asked for, or was declared by a set that somebody asked for. */
interface Found extends Existing {
  /** The name as it is asked for. */
  readonly key: string
}

/** What there is under the names of several sets, and what they declared before: one statement for all who ask. */
export async function readExisting(
  read: Reader,
  asked: readonly NamesAsked[],
): Promise<ReadonlyMap<NamesAsked, readonly Existing[]>> {
  const all = {
    sets: asked.map(({ set }) => set),
    slugs: asked.flatMap(({ slugs }) => slugs),
    servers: asked.flatMap(({ servers }) => servers),
    tokens: asked.flatMap(({ tokens }) => tokens),
    users: asked.map(({ userId }) => userId),
  }
  const gateways = sql`SELECT id FROM gateways WHERE slug = ANY(${all.slugs})`
  const servers = sql`SELECT id FROM servers WHERE ${folded(sql.ref('name'))} = ANY(${all.servers})`
  const tokens = sql`SELECT id FROM tokens WHERE user_id = ANY(${all.users}) AND name = ANY(${all.tokens})`
  const union = sql<Found>`(
    ${things('gateway', { key: sql`x.slug`, named: gateways, sets: all.sets })}
    UNION ALL ${things('server', { key: folded(sql.ref('x.name')), named: servers, sets: all.sets })}
    UNION ALL ${things('token', { key: sql`x.name`, named: tokens, sets: all.sets })} AND x.revoked_at IS NULL)`
  const rows = await read.selectFrom(union.as('e')).selectAll().orderBy('kind').orderBy('name').execute()
  return new Map(asked.map((one) => [one, rows.filter(isFor(one)).map(existingOf)]))
}

interface Things {
  /** What it is asked for by. */
  readonly key: RawBuilder<unknown>
  /** The ids of those that bear the names. */
  readonly named: RawBuilder<unknown>
  readonly sets: readonly string[]
}

const TABLES = { gateway: 'gateways', server: 'servers', token: 'tokens' } as const satisfies Record<Kind, string>

function things(kind: Kind, { key, named, sets }: Things): RawBuilder<unknown> {
  const column = sql.ref(`${kind}_id`)
  const [owner, visibility] = kind === 'token' ? [sql`x.user_id`, sql`'private'`] : [sql`x.owner_id`, sql`x.visibility`]
  return sql`SELECT ${sql.lit(kind)} AS kind, x.id, x.name, d.declared_set AS set, ${key} AS key, ${owner} AS "ownerId",
      x.team_id AS "teamId", ${visibility}::text AS visibility, ${iso('x.created_at')} AS "createdAt"
    FROM ${sql.table(TABLES[kind])} AS x LEFT JOIN declared_things AS d ON d.${column} = x.id
    WHERE x.id IN (SELECT ${column} FROM declared_things WHERE declared_set = ANY(${sets}) AND ${column} IS NOT NULL
      UNION ALL ${named})`
}

function isFor({ set, slugs, servers, tokens, userId }: NamesAsked): (found: Found) => boolean {
  const names = { gateway: new Set(slugs), server: new Set(servers), token: new Set(tokens) }
  return (found) =>
    found.set === set || (names[found.kind].has(found.key) && (found.kind !== 'token' || found.ownerId === userId))
}

function existingOf({ key: _asked, ...existing }: Found): Existing {
  return existing
}
