import { sql } from 'kysely'
import type { Database } from './store.ts'

/** The version of the PostgreSQL that answers. */
export async function serverVersion(db: Pick<Database, 'read'>): Promise<string> {
  const version = sql<string>`current_setting('server_version')`
  const row = await db
    .read('version')
    .selectNoFrom([version.as('version')])
    .executeTakeFirstOrThrow()
  return row.version
}
