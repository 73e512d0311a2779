import type { Results } from '../results.ts'

/** The clock of a run: when its ticks were, and which part of it counts. Seconds. */
export interface Clock {
  readonly at: readonly number[]
  readonly from: number
  readonly until: number
}

export const clockOf = ({ ticks, measuredFrom, measuredSeconds }: Results): Clock => ({
  at: ticks.map(({ at }) => at),
  from: measuredFrom,
  until: measuredFrom + measuredSeconds,
})

/** What the sums are made of. A tick tells of the second that ends with it. */
export const isMeasured = ({ from, until }: Clock, at: number): boolean => at > from && at <= until + 0.5
