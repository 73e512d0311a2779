import type { ServerId, TeamId, UserId } from '#/access/ids.ts'
import type { Owned } from '#/access/principal.ts'
import type { Reader } from './store.ts'

/** Whose a virtual server is; undefined: there is none. */
export async function serverOwner(read: Reader, id: ServerId): Promise<Owned | undefined> {
  const row = await read
    .selectFrom('servers')
    .select(['owner_id', 'team_id', 'visibility'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return { ownerId: row.owner_id as UserId | null, teamId: row.team_id as TeamId | null, visibility: row.visibility }
}
