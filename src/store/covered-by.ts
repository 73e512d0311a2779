import { sql, type RawBuilder } from 'kysely'
import type { Owned } from '#/access/principal.ts'

/** Where something stands, in SQL. */
export interface PlaceColumns {
  readonly visibility: RawBuilder<unknown>
  readonly team: RawBuilder<unknown>
  readonly owner: RawBuilder<unknown>
}

export const placeColumns = ({ visibility, teamId, ownerId }: Owned): PlaceColumns => ({
  visibility: sql`${visibility}::text`,
  team: sql`${teamId}::text`,
  owner: sql`${ownerId}::text`,
})

/**
 * Whether everybody sees a row who sees what stands at a place of their own accord: it is public, or seen by the same. What somebody has
 * in a team is lost with the membership, so who sees that sees what the team sees.
 */
export function coveredBy(table: 'i' | 'ig', { visibility, team, owner }: PlaceColumns): RawBuilder<boolean> {
  const column = (name: string): RawBuilder<unknown> => sql.ref(`${table}.${name}`)
  const [seen, itsTeam, itsOwner] = [column('visibility'), column('team_id'), column('owner_id')]
  return sql<boolean>`(${seen} = 'public' OR (${visibility} <> 'public' AND (
    (${seen} = 'team' AND ${itsTeam} = ${team})
    OR ((${visibility} = 'private' OR ${team} IS NULL) AND ${itsOwner} = ${owner} AND ${itsTeam} IS NOT DISTINCT FROM ${team}))))`
}
