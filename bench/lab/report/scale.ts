/** From figures to places, with the ticks that an axis shows. */
export interface Scale {
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

export type Place = readonly [from: number, to: number]

/** The smallest of 1, 2, 5 × 10ⁿ that is no less. */
function niceStep(least: number): number {
  const decade = 10 ** Math.floor(Math.log10(least))
  const factor = [1, 2, 5, 10].find((each) => each * decade >= least * (1 - 1e-9)) ?? 10
  return factor * decade
}

const steps = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step + 1e-9) + 1 }, (_, index) => from + index * step)

/** From zero to a round number above `most`; to one where there is nothing. What is counted has no ticks between whole numbers. */
export function linear(most: number, [from, to]: Place, isWhole = false): Scale {
  const top = most > 0 ? most : 1
  const step = Math.max(niceStep(top / 4), isWhole ? 1 : 0)
  const end = Math.max(Math.ceil(top / step - 1e-9), 1) * step
  return {
    at: (value) => from + (Math.min(value, end) / end) * (to - from),
    ticks: steps(0, end, step).map((tick) => Number(tick.toPrecision(12))),
  }
}

const ROUND = [1, 2, 5, 10]
const roundDown = (value: number): number => {
  const decade = 10 ** Math.floor(Math.log10(value))
  return decade * (ROUND.findLast((each) => each * decade <= value * (1 + 1e-9)) ?? 1)
}

/** Between round numbers around `least` and `most`; what is less, zero included, lies on the floor. */
export function logarithmic(least: number, most: number, [from, to]: Place): Scale {
  const floor = roundDown(least)
  const ceiling = Math.max(niceStep(most), floor * 10)
  const decades = Math.log10(ceiling / floor)
  const factors = decades > 2.5 ? [1] : [1, 2, 5]
  const ticks = steps(Math.floor(Math.log10(floor)), Math.ceil(Math.log10(ceiling)), 1)
    .flatMap((power) => factors.map((factor) => Number((factor * 10 ** power).toPrecision(3))))
    .filter((tick) => tick >= floor * (1 - 1e-9) && tick <= ceiling * (1 + 1e-9))
  const at = (value: number): number =>
    from + (Math.log10(Math.min(Math.max(value, floor), ceiling) / floor) / decades) * (to - from)
  return { at, ticks }
}

const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]

/** Seconds; both ends are where the data ends. */
export function time([first, last]: Place, [from, to]: Place): Scale {
  const span = Math.max(last - first, 1)
  const step = TIME_STEPS.find((each) => span / each <= 8) ?? niceStep(span / 8)
  return {
    at: (value) => from + ((value - first) / span) * (to - from),
    ticks: steps(Math.ceil(first / step) * step, last, step),
  }
}
