import { decide } from '#/access/decide.ts'
import type { Otherwise } from '#/access/otherwise.ts'
import type { LiveToken } from '#/access/principal-of.ts'
import type { Principal } from '#/access/principal.ts'
import type { KnownUser } from '#/access/standing.ts'
import type { Pace } from '#/lib/pace.ts'
import type { Snapshot } from './snapshot.ts'

/** Between the two times that are compared, in ms since the epoch: what ends by the clock in it is otherwise after it. */
export interface Span {
  readonly from: number
  readonly to: number
}

const endsIn = ({ from, to }: Span, at: number | null): boolean => at !== null && at > from && at <= to

/** Everybody on either side. */
export function* usersOn(snapshot: Snapshot, sides: readonly Otherwise[]): Generator<KnownUser> {
  yield* snapshot.users()
  const told = new Set<string>()
  for (const { users } of sides) {
    for (const user of users?.values() ?? []) {
      if (user === null || told.has(user.id) || snapshot.user(user.id) !== undefined) continue
      told.add(user.id)
      yield user
    }
  }
}

/** Whether anything about the user itself is otherwise: then all that it may use is compared. */
export function isTouched(
  { id, assignments, memberships }: KnownUser,
  other: Required<Otherwise>,
  span: Span,
): boolean {
  return (
    other.users.has(id) ||
    memberships.some(({ teamId }) => other.teams.has(teamId)) ||
    assignments.some(({ roleId, expiresAt }) => other.roles.has(roleId) || endsIn(span, expiresAt))
  )
}

export interface TokenOnSides {
  readonly id: string
  readonly isTouched: boolean
}

/** Tokens that may fare otherwise than their user: those that are narrowed, and those that are not the same on both sides. */
export async function tokensByUser(
  snapshot: Snapshot,
  { sides, other, span, slice }: Among,
): Promise<ReadonlyMap<string, readonly TokenOnSides[]>> {
  const found = new Map<string, TokenOnSides[]>()
  const add = (userId: string, token: TokenOnSides): void => {
    const known = found.get(userId)
    if (known === undefined) found.set(userId, [token])
    else known.push(token)
  }
  for (const token of snapshot.tokens()) {
    if (slice.due()) await slice.rest()
    if (other.tokens.has(token.id)) continue
    const ends = endsIn(span, token.expiresAt)
    if (ends || isNarrowed(token)) add(token.userId, { id: token.id, isTouched: ends })
  }
  for (const id of other.tokens.keys()) {
    const versions = [...sides.map(({ tokens }) => tokens?.get(id)), snapshot.tokenById(id as LiveToken['id'])]
    const token = versions.find((each) => each !== undefined && each !== null)
    if (token) add(token.userId, { id, isTouched: true })
  }
  return found
}

interface Among {
  readonly sides: readonly Otherwise[]
  readonly other: Required<Otherwise>
  readonly span: Span
  readonly slice: Pace
}

function isNarrowed({ permissions, teamId, serverId }: LiveToken): boolean {
  return permissions !== null || teamId !== null || serverId !== null
}

/** Whom a principal knows by name: everybody, for those who look after users; itself and who is in a team with it, for all others. */
export function knows(asking: Principal): { readonly everybody: boolean; user(user: KnownUser): boolean } {
  const everybody = decide(asking, 'admin.user_management', null).may
  const { teams, teamId } = asking.visibilityClass.sight
  const mine = new Set<string>(teamId === null ? teams : teams.filter((team) => team === teamId))
  return {
    everybody,
    user: ({ id, memberships }) =>
      everybody || id === asking.userId || memberships.some((membership) => mine.has(membership.teamId)),
  }
}
