import { sql, type RawBuilder } from 'kysely'
import type { Actor } from '#/api/actor.ts'
import type { RootStore } from '#/roots/root-endpoints.ts'
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
      write(db, sql`INSERT INTO roots (uri, name) VALUES (${uri}, ${name}) ON CONFLICT DO NOTHING RETURNING uri`, {
        actor,
        action: 'roots.create',
        uri,
      }),
    rename: ({ uri, name }, actor) =>
      write(db, sql`UPDATE roots SET name = ${name} WHERE uri = ${uri} RETURNING uri`, {
        actor,
        action: 'roots.update',
        uri,
      }),
    remove: (uri, actor) =>
      write(db, sql`DELETE FROM roots WHERE uri = ${uri} RETURNING uri`, { actor, action: 'roots.delete', uri }),
  }
}

async function write(
  db: Database,
  statement: RawBuilder<unknown>,
  { actor, action, uri }: { readonly actor: Actor; readonly action: string; readonly uri: string },
): Promise<boolean> {
  const { value } = await db.write(SOURCE, async (tx) => {
    const { rows } = await statement.execute(tx.sql)
    if (rows.length === 0) return false
    tx.changed('roots', ALL)
    tx.audit({ actor: actor.by, action, targetKind: 'root', targetId: uri, detail: {} })
    return true
  })
  return value
}
