import { sql } from 'kysely'
import { isAdministrator } from './people-rows.ts'
import type { Database } from './store.ts'

/** How many administrators sign in with a password that somebody else chose for them. */
export async function administratorsToChoose(db: Pick<Database, 'read'>): Promise<number> {
  const { count } = await db
    .read('users')
    .selectFrom('users as u')
    .innerJoin('passwords as p', 'p.user_id', 'u.id')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('u.enabled', '=', true)
    .where('p.must_change', '=', true)
    .where(isAdministrator('u'))
    .executeTakeFirstOrThrow()
  return count
}
