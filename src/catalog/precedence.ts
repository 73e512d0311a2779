import { nearness, NEARNESS } from '#/access/visibility.ts'
import type { VisibilityClass } from '#/access/principal.ts'
import type { AnyItem } from './model.ts'
import type { Found } from './snapshot.ts'
import { byAge } from './state.ts'

/** Whether it is seen as an administrator sees what is others': it or its gateway. */
export function isOthers({ item, gateway }: Found<AnyItem>, who: VisibilityClass): boolean {
  const { asAdministrator } = NEARNESS
  return who.sight.isAdmin && (nearness(who, item) === asAdministrator || nearness(who, gateway) === asAdministrator)
}

interface Rank {
  readonly isOthers: boolean
  /** By the name that a virtual server gives it. */
  readonly isRenamed: boolean
  readonly nearness: number
}

/** Of offers of one URI the oldest answers, whoever sees it: a URI is what the server says, not what we call it. */
function rankOf(found: Found<AnyItem>, who: VisibilityClass, renamed: string | undefined): Rank {
  const { item, gateway } = found
  return {
    isOthers: isOthers(found, who),
    isRenamed: item.id === renamed,
    nearness: 'isTemplate' in item ? 0 : Math.min(nearness(who, item), nearness(who, gateway)),
  }
}

const inOrder = (a: Rank, b: Rank): number =>
  Number(a.isOthers) - Number(b.isOthers) || Number(b.isRenamed) - Number(a.isRenamed) || a.nearness - b.nearness

/** A gateway has one item of a name, so its age is the item's; what is declared here has one of its own. */
function olderFirst(a: Found<AnyItem>, b: Found<AnyItem>): number {
  if ('isTemplate' in a.item && 'isTemplate' in b.item) return byAge(a.item, b.item)
  return byAge(a.gateway, b.gateway) || byAge(agedItem(a.item), agedItem(b.item))
}

const agedItem = ({ id, createdAt = 0 }: AnyItem): { readonly id: string; readonly createdAt: number } => ({
  id,
  createdAt,
})

/**
 * Of the things that bear a name, all open to whoever asks, the one that answers: their team's, their own, a public one, then the oldest.
 * What is others' is the last to answer an administrator, so that nobody takes an administrator's calls by calling theirs like what is
 * there for all. `renamed`: the one whose name it is in a virtual server, before those that bear it everywhere.
 */
export function answering<Item extends AnyItem>(
  bearers: Iterable<Found<Item>>,
  who: VisibilityClass,
  renamed?: string,
): Found<Item> | undefined {
  let best: { readonly found: Found<Item>; readonly rank: Rank } | undefined
  for (const found of bearers) {
    const rank = rankOf(found, who, renamed)
    const order = best === undefined ? -1 : inOrder(rank, best.rank) || olderFirst(found, best.found)
    if (order < 0) best = { found, rank }
  }
  return best?.found
}
