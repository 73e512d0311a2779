import { sql } from 'kysely'
import type { TeamId, UserId } from '#/access/ids.ts'
import type { Owned, Visibility, VisibilityClass } from '#/access/principal.ts'
import { seenBy } from './seen.ts'
import type { Reader } from './store.ts'

type Things = 'gateways' | 'servers' | 'tools' | 'prompts' | 'resources'

interface PlaceRow {
  readonly owner_id: UserId | null
  readonly team_id: TeamId | null
  readonly visibility: Visibility
}

/** Whose a thing is and where it stands, for those who see it: none of the columns that may be long. */
export function placeOf(read: Reader, table: Things): (id: string, by: VisibilityClass) => Promise<Owned | undefined> {
  return async (id, { sight }) => {
    const thing = sql<PlaceRow>`(
      SELECT i.owner_id, i.team_id, i.visibility FROM ${sql.table(table)} AS i WHERE i.id = ${id} AND ${seenBy('i', sight)})`
    const row = await read.selectFrom(thing.as('thing')).selectAll().executeTakeFirst()
    if (row === undefined) return undefined
    return { ownerId: row.owner_id, teamId: row.team_id, visibility: row.visibility }
  }
}
