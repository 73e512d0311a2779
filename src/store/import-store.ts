import { sql } from 'kysely'
import type { ImportState, ImportStore, Progress, StoredImport } from '#/transfer/import-run.ts'
import { iso, isoOrNull } from './columns.ts'
import type { Database } from './store.ts'

const SOURCE = 'imports'

/** How imports went, in PostgreSQL: any worker can tell. */
export function importStore(db: Database): ImportStore {
  const all = db
    .read(SOURCE)
    .selectFrom('imports as i')
    .select(['i.id', 'i.status', 'i.progress', 'i.errors', 'i.warnings'])
    .select([iso('i.started_at').as('started_at'), isoOrNull('i.completed_at').as('completed_at')])
  type Row = Awaited<ReturnType<(typeof all)['execute']>>[number]
  const importOf = (row: Row): StoredImport => ({
    id: row.id,
    status: row.status as ImportState['status'],
    progress: row.progress as Progress,
    errors: row.errors as readonly string[],
    warnings: row.warnings as readonly string[],
    startedAt: row.started_at,
    completedAt: row.completed_at,
  })
  return {
    begin: async ({ id, status, progress }, by) => {
      await db.write(SOURCE, async (tx) => {
        await tx.sql
          .insertInto('imports')
          .values({ id, by, status, progress: JSON.stringify(progress) })
          .execute()
        tx.audit({ actor: by, action: 'import', targetKind: 'import', targetId: id, detail: { total: progress.total } })
      })
    },
    report: async ({ id, status, progress, errors, warnings }) => {
      await db.statement(
        SOURCE,
        () => sql`
          UPDATE imports
             SET status = ${status}, progress = ${JSON.stringify(progress)}::jsonb,
                 errors = ${JSON.stringify(errors)}::jsonb, warnings = ${JSON.stringify(warnings)}::jsonb,
                 completed_at = CASE WHEN ${status} = 'running' THEN NULL ELSE now() END
           WHERE id = ${id}`,
      )
    },
    all: async () => (await all.orderBy('i.started_at', 'desc').limit(500).execute()).map(importOf),
    byId: async (id) => {
      const row = await all.where('i.id', '=', id).executeTakeFirst()
      return row && importOf(row)
    },
    forget: async (hours) => {
      const { count } = await db.statement(
        SOURCE,
        () => sql`
          DELETE FROM imports
           WHERE completed_at <= now() - make_interval(hours => ${hours})
              OR (completed_at IS NULL AND started_at <= now() - make_interval(hours => ${hours}) - interval '1 day')`,
      )
      return count
    },
  }
}
