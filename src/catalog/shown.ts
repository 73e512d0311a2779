import type { Owned, VisibilityClass } from '#/access/principal.ts'
import { ownSight, type Sight } from '#/access/visibility.ts'
import type { MapEdit } from '#/lib/sharded-map.ts'
import { ShardedMap } from '#/lib/sharded-map.ts'

/** How many things that are not public there are by what decides who sees them. */
export interface Shown {
  /** By their team. */
  readonly teams: ShardedMap<number>
  /** By their owner, where being the owner decides. */
  readonly owners: ShardedMap<number>
}

export const NOTHING_SHOWN: Shown = { teams: ShardedMap.empty(), owners: ShardedMap.empty() }

/** Counts things as they come and go. What is public is seen by everyone and counts nowhere. */
export class ShownEdit {
  readonly #from: Shown
  readonly #teams: MapEdit<number>
  readonly #owners: MapEdit<number>

  constructor(from: Shown) {
    this.#from = from
    this.#teams = from.teams.edit()
    this.#owners = from.owners.edit()
  }

  replace(old: Owned | undefined, by: Owned | undefined): void {
    if (old !== undefined) this.#count(old, -1)
    if (by !== undefined) this.#count(by, 1)
  }

  done(): Shown {
    if (!this.#teams.touched && !this.#owners.touched) return this.#from
    return { teams: this.#teams.done(), owners: this.#owners.done() }
  }

  #count({ ownerId, teamId, visibility }: Owned, by: 1 | -1): void {
    if (visibility === 'public') return
    if (teamId !== null) add(this.#teams, teamId, by)
    if (ownerId !== null && (visibility === 'private' || teamId === null)) add(this.#owners, ownerId, by)
  }
}

function add(counts: MapEdit<number>, key: string, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}

interface Keys {
  readonly shown: Shown
  readonly seen: string
  /** Made when it is asked for. */
  own?: string
}

const keys = new WeakMap<VisibilityClass, Keys>()

/**
 * What a class can see of what there is: two classes with the same key see the same of this state, and share the bytes of its lists.
 * Teams without things, and an owner of nothing private, make no difference. Where things share a name (`isShared`), what an administrator
 * sees of their own accord does: that answers before what is others'.
 */
export function sightKey(shown: Shown, who: VisibilityClass, isShared: boolean): string {
  let known = keys.get(who)
  if (known?.shown !== shown) keys.set(who, (known = { shown, seen: keyOf(shown, who.sight) }))
  if (!isShared || !who.sight.isAdmin) return known.seen
  return (known.own ??= `${known.seen}~${keyOf(shown, ownSight(who.sight))}`)
}

function keyOf(shown: Shown, { userId, isAdmin, teams, teamId, serverId }: Sight): string {
  const narrowed = serverId === null ? '' : `/server:${serverId}`
  if (isAdmin && teamId === null) return `all${narrowed}`
  const owner = shown.owners.has(userId) ? userId : ''
  const inTeam = (team: string): boolean => shown.teams.has(team)
  if (teamId !== null) {
    const sees = inTeam(teamId) && (isAdmin || teams.includes(teamId))
    return `${sees ? `${owner}/team:${teamId}` : '/team'}${narrowed}`
  }
  return `${owner}:${[...new Set(teams)].filter(inTeam).toSorted().join(',')}${narrowed}`
}
