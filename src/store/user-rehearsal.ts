import { sql, type RawBuilder } from 'kysely'
import type { UserId } from '#/access/ids.ts'
import type { UserOutcome, UserStore } from '#/users/user.ts'
import { versionIs } from './item-writes.ts'
import { lastAdministrator, ownTeamUsed } from './people-rows.ts'
import { rehearsal } from './rehearsal.ts'
import type { Database, Reader } from './store.ts'
import { userStore } from './users-store.ts'

/**
 * Users where all that is written is taken back. A removal is not tried: it would hold on to all that the user owns, holds and is in until
 * none of it was the user's any more, only to give it back. What would refuse it is asked for.
 */
export function userRehearsal(db: Database): UserStore {
  const read = db.read('users')
  return { ...userStore(rehearsal(db)), remove: async (id, { ifMatch }) => await removalForetold(read, id, ifMatch) }
}

async function removalForetold(read: Reader, id: UserId, ifMatch: number | null): Promise<UserOutcome> {
  const isThere = sql<boolean>`EXISTS (SELECT 1 FROM users WHERE id = ${id} AND ${versionIs(ifMatch)})`
  const row = await read
    .selectNoFrom([lastAdministrator(id).as('is_last'), isThere.as('is_there'), teamHasThings(id).as('has_things')])
    .executeTakeFirstOrThrow()
  if (row.is_last) return 'last_admin'
  if (!row.is_there) return undefined
  if (row.has_things) throw ownTeamUsed()
  return { seq: null }
}

const THINGS = ['gateways', 'tools', 'prompts', 'resources', 'servers'] as const

/** Whether a user's own team has any: it bears the user's id. */
function teamHasThings(id: UserId): RawBuilder<boolean> {
  const has = THINGS.map((table) => sql`EXISTS (SELECT 1 FROM ${sql.table(table)} WHERE team_id = ${id})`)
  return sql<boolean>`(${sql.join(has, sql` OR `)})`
}
