import { sql } from 'kysely'
import type { Database } from './store.ts'

/** What the connections of one part of the house are doing. Ages are seconds in the present state. */
export interface Activity {
  readonly source: string
  readonly state: string
  readonly count: number
  readonly avgAge: number
  readonly maxAge: number
}

/** Our connections as PostgreSQL sees them, by the source that each statement carries; the one that asks is left out. */
export async function activity(db: Pick<Database, 'read'>): Promise<readonly Activity[]> {
  return await db
    .read('watch')
    .selectFrom(
      sql<Activity>`(
        SELECT source, state, count(*) AS count, round(avg(age)::numeric, 3)::float8 AS "avgAge", round(max(age)::numeric, 3)::float8 AS "maxAge"
        FROM (
          SELECT coalesce(substring(query FROM '^/\\*source=''([^'']*)''\\*/'), '?') AS source, coalesce(state, '?') AS state,
            greatest(0, extract(epoch FROM clock_timestamp() - state_change)) AS age
          FROM pg_stat_activity
          WHERE application_name = 'causeway' AND datname = current_database() AND pid <> pg_backend_pid()
        ) AS one
        GROUP BY source, state)`.as('activity'),
    )
    .selectAll()
    .orderBy('maxAge', 'desc')
    .execute()
}
