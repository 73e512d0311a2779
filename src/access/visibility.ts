import type { ServerId, TeamId, UserId } from './ids.ts'
import type { Owned, VisibilityClass } from './principal.ts'

/** What decides which things a principal sees. Permissions do not: they decide what it may do with them. */
export interface Sight {
  readonly userId: UserId
  readonly isAdmin: boolean
  /** Teams the user is a member of and the token does not narrow away. */
  readonly teams: readonly TeamId[]
  /** A token of a team leaves the user's own private things and other teams behind. */
  readonly teamId: TeamId | null
  readonly serverId: ServerId | null
}

/**
 * The class of everyone with this sight; the same object for the same sight, as long as somebody holds it. A narrowing to a
 * server has a class of its own although it sees the same things: what it may reach of them is decided by the scope.
 */
export function visibilityClass(sight: Sight): VisibilityClass {
  const id = idOf(sight)
  const known = classes.get(id)?.deref()
  if (known) return known
  const made: VisibilityClass = Object.freeze({ id, sees: seer(sight) })
  classes.set(id, new WeakRef(made))
  abandoned.register(made, id)
  return made
}

const classes = new Map<string, WeakRef<VisibilityClass>>()
const abandoned = new FinalizationRegistry<string>((id) => {
  if (classes.get(id)?.deref() === undefined) classes.delete(id)
})

function idOf({ userId, isAdmin, teams, teamId, serverId }: Sight): string {
  const who = isAdmin ? 'all' : `${userId}:${[...new Set(teams)].toSorted().join(',')}`
  return `${who}${teamId === null ? '' : `/team:${teamId}`}${serverId === null ? '' : `/server:${serverId}`}`
}

function seer({ userId, isAdmin, teams, teamId }: Sight): (thing: Owned) => boolean {
  if (teamId !== null) {
    const member = isAdmin || teams.includes(teamId)
    return (thing) =>
      thing.visibility === 'public' || (member && thing.visibility === 'team' && thing.teamId === teamId)
  }
  if (isAdmin) return () => true
  const mine = new Set(teams)
  return (thing) =>
    thing.visibility === 'public' ||
    thing.ownerId === userId ||
    (thing.visibility === 'team' && thing.teamId !== null && mine.has(thing.teamId))
}
