import type { ColourName } from './colours.ts'
import type { Unit } from './units.ts'

export interface Series {
  readonly name: string
  readonly colour: ColourName
  /** One for each tick; null: not known, or nothing happened that could be measured. */
  readonly values: readonly (number | null)[]
  /** What stands beside its name. */
  readonly sum: 'most' | 'mean'
}

/** A picture as data: what is drawn, and how. */
export interface Plot {
  readonly title: string
  readonly unit: Unit
  /** Given: the series are areas on each other, and the last of them is what the others leave of it. null: they are lines. */
  readonly total: readonly (number | null)[] | null
  /** A floor means a logarithmic scale, on which what is less lies at the bottom; null: from zero, evenly. */
  readonly floor: number | null
  readonly series: readonly Series[]
  /** Said instead of drawing, where this target does not show it. */
  readonly missing: string | null
}

const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null)

/** The highest that has to fit. */
export const topOf = ({ total, series }: Plot): number =>
  [...series.map(({ values }) => values), total ?? []].reduce((top, values) => Math.max(top, ...known(values)), 0)

/** The lowest above nothing; on a logarithmic scale the axis begins there. */
export const leastOf = ({ series }: Plot): number =>
  series.reduce((least, { values }) => Math.min(least, ...known(values).filter((value) => value > 0)), Infinity)
