import { sql, type RawBuilder } from 'kysely'
import type { ImportState, ImportStore, Progress, StoredImport } from '#/transfer/import-state.ts'
import { iso, isoOrNull } from './columns.ts'
import { shared } from './shared.ts'
import type { Database } from './store.ts'

const SOURCE = 'imports'
/** Reports that go into one statement. */
const REPORTED_AT_ONCE = 100

interface Report {
  readonly state: ImportState
  readonly by: string
}

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
  const reports = shared(async (asked: readonly Report[]) => {
    const { rows } = await db.statement(SOURCE, () => upsert<Row>(asked))
    const byId = new Map(rows.map((row) => [row.id, row]))
    return new Map(asked.flatMap((one) => [[one, byId.get(one.state.id)] as const]))
  }, REPORTED_AT_ONCE)
  return {
    report: async (state, by) => {
      const row = await reports({ state, by })
      if (row === undefined) throw new TypeError('an import left no row')
      return importOf(row)
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

/** How far several imports are; of one that told twice, where it was last. */
function upsert<Row>(reports: readonly Report[]): RawBuilder<Row> {
  const latest = new Map(reports.map((report) => [report.state.id, report]))
  const rows = [...latest.values()].map(({ state: { id, status, progress, errors, warnings, startedAt }, by }) => {
    const [told, wrong, doubtful] = [progress, errors, warnings].map((part) => JSON.stringify(part))
    const ended = status === 'running' ? sql`NULL` : sql`now()`
    return sql`(${id}, ${by}, ${status}, ${told}, ${wrong}, ${doubtful}, ${startedAt}, ${ended})`
  })
  return sql<Row>`
    INSERT INTO imports AS i (id, by, status, progress, errors, warnings, started_at, completed_at)
    VALUES ${sql.join(rows)}
    ON CONFLICT (id) DO UPDATE
      SET status = excluded.status, progress = excluded.progress, errors = excluded.errors,
          warnings = excluded.warnings, completed_at = excluded.completed_at
    RETURNING i.id, i.status, i.progress, i.errors, i.warnings, ${iso('i.started_at')} AS started_at,
              ${isoOrNull('i.completed_at')} AS completed_at`
}
