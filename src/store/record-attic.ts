import { sql } from 'kysely'
import type { RecordAttic } from '#/records/retention.ts'
import type { Database } from './store.ts'

const SOURCE = 'retention'

/** Old usage records in PostgreSQL. */
export function recordAttic(db: Database): RecordAttic {
  return {
    forgetRecords: async (days, slice) => {
      const { count } = await db.statement(
        SOURCE,
        () => sql`
          DELETE FROM usage_records WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM usage_records WHERE at < now() - make_interval(days => ${days}::int) LIMIT ${slice}))`,
      )
      return count
    },
    forgetWriters: async (days, slice) => {
      const { count } = await db.statement(
        SOURCE,
        () => sql`
          DELETE FROM record_writers WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM record_writers WHERE updated_at < now() - make_interval(days => ${days}::int) LIMIT ${slice}))`,
      )
      return count
    },
  }
}
