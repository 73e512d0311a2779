import { sql, type RawBuilder } from 'kysely'
import type { Sight } from '#/access/visibility.ts'

/** Where a row says whose it is and who may see it. */
interface OwnedColumns {
  readonly owner: RawBuilder<unknown>
  readonly team: RawBuilder<unknown>
  readonly visibility: RawBuilder<unknown>
}

/** The rows of a table of things that a sight sees: the same as its class says of each, so that pages are full. */
export function seenBy(table: string, sight: Sight | undefined): RawBuilder<boolean> {
  const column = (name: string): RawBuilder<unknown> => sql.ref(`${table}.${name}`)
  return seenWhere(sight, { owner: column('owner_id'), team: column('team_id'), visibility: column('visibility') })
}

/** The same of teams `t`: each is its members' thing. */
export function teamsSeenBy(sight: Sight): RawBuilder<boolean> {
  const visibility = sql`CASE WHEN t.visibility = 'public' THEN 'public' ELSE 'team' END`
  return seenWhere(sight, { owner: sql`NULL::text`, team: sql`t.id`, visibility })
}

/** The same of tokens `t`: each is its user's private thing. */
export function tokensSeenBy(sight: Sight): RawBuilder<boolean> {
  return seenWhere(sight, { owner: sql`t.user_id`, team: sql`t.team_id`, visibility: sql`'private'` })
}

function seenWhere(sight: Sight | undefined, { owner, team, visibility }: OwnedColumns): RawBuilder<boolean> {
  if (sight === undefined || (sight.isAdmin && sight.teamId === null)) return sql`true`
  const { userId, isAdmin, teams, teamId } = sight
  const isOwn = sql`${owner} = ${userId}`
  const isShared = sql`(${visibility} = 'team' OR ${isOwn})`
  const isPublic = sql`${visibility} = 'public'`
  if (teamId !== null) {
    const isMember = isAdmin || teams.includes(teamId)
    return sql`(${isPublic} OR (${isMember}::boolean AND ${team} = ${teamId} AND ${isShared}))`
  }
  return sql`(${isPublic} OR (${team} IS NULL AND ${isOwn})
    OR (${team} = ANY(${[...teams]}) AND ${isShared}))`
}
