import { sql, type RawBuilder } from 'kysely'
import type { DeclaredStore, Mark, NamedItem, NamesAsked } from '#/declared/declared-store.ts'
import type { Kind } from '#/declared/step.ts'
import { iso } from './columns.ts'
import { readExisting } from './declared-existing.ts'
import { hasEmail } from './email-keys.ts'
import { seenBy } from './seen.ts'
import { shared } from './shared.ts'
import type { Database } from './store.ts'
import { isAdministrator } from './people-rows.ts'
import { live } from './token-rows.ts'

const SOURCE = 'declared'
/** Marks, and questions, that go into one statement. */
const MARKED_AT_ONCE = 100
const ASKED_AT_ONCE = 100

const TABLES = { gateway: 'gateways', server: 'servers', token: 'tokens' } as const satisfies Record<Kind, string>

/** Who declared what, in PostgreSQL. */
export function declaredStore(db: Database): DeclaredStore {
  const read = db.read(SOURCE)
  const marks = shared(async (asked: readonly Mark[]) => {
    await db.statement(SOURCE, () => upsertAll(asked))
    return new Map(asked.map((mark) => [mark, true]))
  }, MARKED_AT_ONCE)
  const existing = shared((asked: readonly NamesAsked[]) => readExisting(read, asked), ASKED_AT_ONCE)
  return {
    existing: async (asked) => (await existing(asked)) ?? [],
    items: async ({ tool, prompt, resource }, { by: { sight }, set }) => {
      const of = (kind: NamedItem['kind'], column: 'name' | 'uri', names: readonly string[]): RawBuilder<unknown> =>
        sql`${fitting({ kind, column, set }, names)} AND ${seenBy('i', sight)}`
      const union = sql<NamedItem>`(${of('tool', 'name', tool)} UNION ALL ${of('prompt', 'name', prompt)}
        UNION ALL ${of('resource', 'uri', resource)})`
      return await read
        .selectFrom(union.as('i'))
        .selectAll()
        .orderBy('kind')
        .orderBy('createdAt')
        .orderBy('id')
        .execute()
    },
    pendingSlugs: async ({ sight }) => {
      const rows = await read
        .selectFrom('gateways as g')
        .innerJoin('gateway_states as s', 's.gateway_id', 'g.id')
        .select('g.slug')
        .where('s.status', '=', 'pending')
        .where(seenBy('g', sight))
        .execute()
      return rows.map(({ slug }) => slug)
    },
    tokenHash: async (id) => {
      const row = await read.selectFrom('tokens').select('hash').where('id', '=', id).executeTakeFirst()
      return row?.hash.toString('hex')
    },
    administrator: async (email) =>
      await read
        .selectFrom('users as u')
        .innerJoin('tokens as t', 't.user_id', 'u.id')
        .select(['u.id as userId', 't.id as tokenId'])
        .where(hasEmail('u.email', email))
        .where('u.enabled', '=', true)
        .where(isAdministrator('u'))
        .where(
          sql<boolean>`t.permissions IS NULL AND t.server_id IS NULL AND t.team_id IS NULL AND t.expires_at IS NULL`,
        )
        .where(live('t'))
        .orderBy('t.created_at')
        .limit(1)
        .executeTakeFirst(),
    mark: async (mark) => void (await marks(mark)),
  }
}

interface Fitting {
  readonly kind: NamedItem['kind']
  readonly column: 'name' | 'uri'
  readonly set: string
}

function fitting({ kind, column, set }: Fitting, names: readonly string[]): RawBuilder<unknown> {
  const patterns = names.filter((name) => name.includes('*')).map(likeOf)
  return sql`SELECT ${sql.lit(kind)} AS kind, i.id, i.${sql.ref(column)} AS name, i.owner_id AS "ownerId",
      i.team_id AS "teamId", i.visibility::text AS visibility, ${iso('i.created_at')} AS "createdAt",
      EXISTS (SELECT 1 FROM declared_things AS d
        WHERE d.gateway_id = i.gateway_id AND d.declared_set = ${set}) AS "isDeclared"
    FROM ${sql.table(`${kind}s`)} AS i
    WHERE (i.${sql.ref(column)} = ANY(${names}) OR i.${sql.ref(column)} LIKE ANY(${patterns}))`
}

function likeOf(name: string): string {
  return name.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`).replaceAll('*', '%')
}

/** Those of many sets in one statement, a kind at a time. What has been removed meanwhile is left out, and keeps nobody's mark away. */
function upsertAll(marks: readonly Mark[]): RawBuilder<unknown> {
  const kinds = Object.keys(TABLES) as Kind[]
  const written = kinds.flatMap((kind) => {
    const rows = marks.filter((mark) => mark.kind === kind)
    return rows.length === 0 ? [] : [sql`${sql.ref(`${kind}_marks`)} AS (${upsert(kind, rows)})`]
  })
  return sql`WITH ${sql.join(written)} SELECT 1`
}

function upsert(kind: Kind, rows: readonly Mark[]): RawBuilder<unknown> {
  const column = sql.ref(`${kind}_id`)
  const values = sql.join(rows.map(({ id, set, by }) => sql`(${id}, ${set}, ${by})`))
  return sql`INSERT INTO declared_things (declared_set, kind, ${column}, declared_by)
    SELECT DISTINCT ON (m.id) m.set, ${sql.lit(kind)}, m.id, m.by FROM (VALUES ${values}) AS m (id, set, by)
      JOIN ${sql.table(TABLES[kind])} AS x ON x.id = m.id
    ON CONFLICT (${column}) WHERE ${column} IS NOT NULL
    DO UPDATE SET declared_set = excluded.declared_set, declared_by = excluded.declared_by, declared_at = now()`
}
