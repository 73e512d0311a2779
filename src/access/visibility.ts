import type { ServerId, TeamId, UserId } from './ids.ts'
import type { Owned, VisibilityClass } from './principal.ts'

/** What decides which things a principal sees. Permissions do not: they decide what it may do with them. */
export interface Sight {
  readonly userId: UserId
  readonly isAdmin: boolean
  /** Teams the user is a member of, its personal one among them. What a team's member owns there is lost with the membership. */
  readonly teams: readonly TeamId[]
  /** A token of a team leaves everything behind that is neither public nor of that team. */
  readonly teamId: TeamId | null
  readonly serverId: ServerId | null
}

/**
 * The class of everyone with this sight; the same object for the same sight, as long as somebody holds it. A narrowing to a
 * server has a class of its own although it sees the same things: what it may reach of them is decided by the scope. So has each
 * administrator: which of what they all see is their own tells them apart.
 */
export function visibilityClass(sight: Sight): VisibilityClass {
  const id = idOf(sight)
  const known = classes.get(id)?.deref()
  if (known) return known
  const made: VisibilityClass = Object.freeze({ id, sight, sees: seer(sight) })
  classes.set(id, new WeakRef(made))
  abandoned.register(made, id)
  return made
}

const classes = new Map<string, WeakRef<VisibilityClass>>()
const abandoned = new FinalizationRegistry<string>((id) => {
  if (classes.get(id)?.deref() === undefined) classes.delete(id)
})

function idOf({ userId, isAdmin, teams, teamId, serverId }: Sight): string {
  const who = `${userId}:${[...new Set(teams)].toSorted().join(',')}`
  const seen = isAdmin ? `all/${who}` : who
  return `${seen}${teamId === null ? '' : `/team:${teamId}`}${serverId === null ? '' : `/server:${serverId}`}`
}

/** What somebody sees of their own accord, and not as an administrator. */
export const ownSight = (sight: Sight): Sight => (sight.isAdmin ? { ...sight, isAdmin: false } : sight)

/** How near to somebody a thing is that they see. Of several things of one name the nearest answers. */
export const NEARNESS = { team: 0, private: 1, public: 2, asAdministrator: 3 } as const
type Nearness = (typeof NEARNESS)[keyof typeof NEARNESS]

/** A thing of others is the last to answer an administrator: what anybody keeps for themselves takes no call from what is for all. */
export function nearness({ sight }: VisibilityClass, thing: Owned): Nearness {
  const isOwn = !sight.isAdmin || visibilityClass(ownSight(sight)).sees(thing)
  return isOwn ? NEARNESS[thing.visibility] : NEARNESS.asAdministrator
}

function seer({ userId, isAdmin, teams, teamId }: Sight): (thing: Owned) => boolean {
  if (teamId !== null) {
    const isMember = isAdmin || teams.includes(teamId)
    return (thing) =>
      thing.visibility === 'public' ||
      (isMember && thing.teamId === teamId && (thing.visibility === 'team' || thing.ownerId === userId))
  }
  if (isAdmin) return () => true
  const mine = new Set(teams)
  return (thing) => {
    if (thing.visibility === 'public') return true
    const isOwn = thing.ownerId === userId
    return thing.teamId === null ? isOwn : mine.has(thing.teamId) && (isOwn || thing.visibility === 'team')
  }
}
