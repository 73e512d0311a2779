import { sqlState } from './errors.ts'
import { isAway, shared } from './shared.ts'

export interface Together<Given, Done> {
  /** So many go into one transaction. */
  readonly most: number
  /** Small enough to go with others: a transaction is to stay short. */
  readonly isSmall: (given: Given) => boolean
  /** No two of one transaction have the same. */
  readonly keyOf: (given: Given) => string
  /** Writes all of them in one transaction, or none. */
  readonly writeAll: (all: readonly Given[]) => Promise<readonly Done[]>
}

/** A lock or a deadline: whoever waits in a row for the same one waits for minutes. */
const TIMED_OUT = /^(55P03|57014)$/

type Outcome<Done> = { readonly done: Done } | { readonly refused: unknown }

/**
 * Writes that come while one is under way wait for the next transaction, which does all of them. What one of them is refused for is no
 * affair of the others: then each is done by itself.
 */
export function writeTogether<Given, Done>(options: Together<Given, Done>): (given: Given) => Promise<Done> {
  const { most, isSmall, writeAll } = options
  const together = shared((all: readonly Given[]) => outcomesOf(options, all), most)
  return async (given) => {
    const outcome = isSmall(given) ? await together(given) : await outcomeOf(writeAll, given)
    if (outcome === undefined) throw new Error('a write was neither done nor refused')
    if ('refused' in outcome) throw outcome.refused
    return outcome.done
  }
}

async function outcomesOf<Given, Done>(
  { keyOf, writeAll }: Together<Given, Done>,
  all: readonly Given[],
): Promise<ReadonlyMap<Given, Outcome<Done>>> {
  // In one order everywhere, so that of two who write the same things one waits for the other rather than both.
  const firsts = new Map(all.map((given) => [keyOf(given), given] as const).toReversed())
  const group = [...firsts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, given]) => given)
  const outcomes = new Map<Given, Outcome<Done>>()
  try {
    const written = group.length > 1 ? await writeAll(group) : []
    for (const [n, done] of written.entries()) outcomes.set(group[n] as Given, { done })
  } catch (error) {
    // A deadline that passed for all of them would pass for one after the other.
    if (isAway(error) || sqlState(error) === '57014') throw error
  }
  let away: Outcome<Done> | undefined
  let timedOut = 0
  for (const given of all.filter((one) => !outcomes.has(one))) {
    const outcome = away ?? (await outcomeOf(writeAll, given))
    outcomes.set(given, outcome)
    if (!('refused' in outcome)) continue
    if (isAway(outcome.refused) || (TIMED_OUT.test(sqlState(outcome.refused) ?? '') && ++timedOut > 1)) away = outcome
  }
  return outcomes
}

async function outcomeOf<Given, Done>(
  writeAll: Together<Given, Done>['writeAll'],
  given: Given,
): Promise<Outcome<Done>> {
  try {
    const [done] = await writeAll([given])
    return { done: done as Done }
  } catch (refused) {
    return { refused }
  }
}
