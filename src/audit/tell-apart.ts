import type { SealedEnd } from './audit.ts'
import type { ChainLink, ChainWalk } from './chain-walk.ts'
import { fault, type Fault, type Finding } from './verdict.ts'

/** What may as well be a record too many. */
const DOUBTFUL: readonly Finding[] = ['changed', 'reordered', 'unsealed']

export interface Doubt {
  /** Where the walk stands: right before the record that does not fit. */
  readonly walk: ChainWalk
  readonly link: ChainLink
  /** Some of those behind it. */
  readonly following: readonly ChainLink[]
  readonly end: Omit<SealedEnd, 'seq'>
}

/** A record that was changed has a place, which the next good one names; one that was inserted has none. */
export function toldApart(found: Fault, { walk, link, following, end }: Doubt): Fault {
  if (!DOUBTFUL.includes(found.found) || end.keyId === null) return found
  const good = following.find((next) => {
    const read = walk.seals.read(next)
    return read !== null && read.isOurs && read.isHere
  })
  const isExtra = good === undefined ? walk.seals.isEnd(end, walk.head) : (good.sealed?.previous ?? 0) < link.seq
  return isExtra ? fault('inserted') : found
}
