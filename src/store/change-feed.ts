import { sql } from 'kysely'
import type { Change } from '#/catalog/changes.ts'
import type { Database } from './store.ts'

/** What happened after a number of the clock. */
export interface ChangesSince {
  /** The clock now: whoever has applied `changes` stands there. */
  readonly seq: number
  /** In order; null: the log does not reach back that far, or holds too much: load anew. */
  readonly changes: readonly Change[] | null
}

/** A worker further behind than this is faster with a fresh load. */
const MOST_CHANGES = 10_000

interface ClockRow {
  readonly seq: number
  readonly kept_from: number
  readonly found: readonly Change[]
}

/** Reads the clock and everything after `seq` in one statement, so that both are of one moment. */
export async function changesSince(
  db: Pick<Database, 'read'>,
  seq: number,
  most = MOST_CHANGES,
): Promise<ChangesSince> {
  const row = await db
    .read('changes')
    .selectFrom(
      sql<ClockRow>`(
        SELECT clock.seq, clock.kept_from, coalesce(found.list, '[]'::json) AS found FROM change_clock AS clock, (
          SELECT json_agg(json_build_object('seq', c.seq, 'kind', c.kind, 'id', c.id) ORDER BY c.seq) AS list FROM (
            SELECT seq, kind, id FROM changes WHERE seq > ${seq} ORDER BY seq LIMIT ${most + 1}
          ) AS c
        ) AS found)`.as('clock'),
    )
    .selectAll()
    .executeTakeFirstOrThrow()
  // A clock that went back belongs to an older copy of the database.
  const lost = seq + 1 < row.kept_from || seq > row.seq || row.found.length > most
  return { seq: row.seq, changes: lost ? null : row.found }
}

/** The number of the last change that was committed. */
export async function clockNow(db: Pick<Database, 'read'>): Promise<number> {
  const clock = db.read('changes').selectFrom('change_clock')
  return (await clock.select('seq').executeTakeFirstOrThrow()).seq
}

/** Forgets changes older than `days` by the database's clock, always a whole run from the beginning. Returns how many. */
export async function pruneChanges(db: Pick<Database, 'statement'>, days: number): Promise<number> {
  const { rows } = await db.statement(
    'changes',
    () => sql<{ pruned: number }>`
      WITH old AS (SELECT max(seq) AS seq FROM changes WHERE at < now() - make_interval(days => ${days})),
        gone AS (DELETE FROM changes USING old WHERE changes.seq <= old.seq RETURNING changes.seq),
        kept AS (UPDATE change_clock SET kept_from = greatest(kept_from, old.seq + 1) FROM old WHERE old.seq IS NOT NULL)
      SELECT count(*) AS pruned FROM gone`,
  )
  return rows[0]?.pruned ?? 0
}
