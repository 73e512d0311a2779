import { sql, type RawBuilder } from 'kysely'
import type { Actor } from '#/api/actor.ts'
import type { RootStore } from '#/roots/root-endpoints.ts'
import { changesOf } from './changes-of.ts'
import type { Database } from './store.ts'

const SOURCE = 'roots'
/** Roots are announced all together: the kind of the change says everything. */
const ALL = '0'.repeat(32)

/** Roots in PostgreSQL. */
export function rootStore(db: Database): RootStore {
  const all = db.read(SOURCE).selectFrom('roots').select(['uri', 'name']).orderBy('uri')
  return {
    all: async () => await all.execute(),
    byUri: async (uri) => await all.where('uri', '=', uri).executeTakeFirst(),
    add: ({ uri, name }, actor) =>
      write(
        db,
        sql`INSERT INTO roots (uri, name) VALUES (${uri}, ${name}) ON CONFLICT DO NOTHING RETURNING NULL AS was`,
        {
          actor,
          action: 'roots.create',
          uri,
          name,
        },
      ),
    rename: ({ uri, name }, actor) =>
      write(
        db,
        sql`UPDATE roots SET name = ${name} FROM (SELECT uri AS was_uri, name AS was FROM roots WHERE uri = ${uri} FOR UPDATE) AS before
        WHERE uri = was_uri RETURNING was`,
        {
          actor,
          action: 'roots.update',
          uri,
          name,
        },
      ),
    remove: (uri, actor) =>
      write(db, sql`DELETE FROM roots WHERE uri = ${uri} RETURNING name AS was`, {
        actor,
        action: 'roots.delete',
        uri,
        name: null,
      }),
  }
}

interface Written {
  readonly actor: Actor
  readonly action: string
  readonly uri: string
  /** null: it has none, or is gone. */
  readonly name: string | null
}

async function write(
  db: Database,
  statement: RawBuilder<{ readonly was: string | null }>,
  { actor, action, uri, name }: Written,
): Promise<boolean> {
  const { value } = await db.write(SOURCE, async (tx) => {
    const { rows } = await statement.execute(tx.sql)
    const [row] = rows
    if (row === undefined) return false
    tx.changed('roots', ALL)
    tx.audit({
      actor: actor.by,
      action,
      targetKind: 'root',
      targetId: uri,
      detail: { uri, ...changesOf({ name: row.was }, { name }) },
    })
    return true
  })
  return value
}
