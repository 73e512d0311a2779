import { sql, type RawBuilder } from 'kysely'
import type { Sight } from '#/access/visibility.ts'

/** The rows of a table of things that a sight sees: the same as its class says of each, so that pages are full. */
export function seenBy(table: string, sight: Sight | undefined): RawBuilder<boolean> {
  if (sight === undefined || (sight.isAdmin && sight.teamId === null)) return sql`true`
  const column = (name: string): RawBuilder<unknown> => sql.ref(`${table}.${name}`)
  const { userId, isAdmin, teams, teamId } = sight
  const isOwn = sql`${column('owner_id')} = ${userId}`
  const isShared = sql`(${column('visibility')} = 'team' OR ${isOwn})`
  const isPublic = sql`${column('visibility')} = 'public'`
  if (teamId !== null) {
    const isMember = isAdmin || teams.includes(teamId)
    return sql`(${isPublic} OR (${isMember}::boolean AND ${column('team_id')} = ${teamId} AND ${isShared}))`
  }
  return sql`(${isPublic} OR (${column('team_id')} IS NULL AND ${isOwn})
    OR (${column('team_id')} = ANY(${[...teams]}) AND ${isShared}))`
}
