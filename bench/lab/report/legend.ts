import { isMeasured, type Clock } from './clock.ts'
import { COLOURS, type Colour } from './colours.ts'
import { markup, type Markup } from './markup.ts'
import type { Plot, Series } from './plot.ts'
import { UNITS } from './units.ts'

export interface Key {
  readonly name: string
  readonly colour: Colour
  /** Of the measured part, in words. */
  readonly sum: string
}

const SUMS = {
  most: (values: readonly number[]) => ['most', values.reduce((most, value) => Math.max(most, value), 0)],
  mean: (values: readonly number[]) => ['mean', values.reduce((all, value) => all + value, 0) / values.length],
} as const satisfies Record<Series['sum'], (values: readonly number[]) => readonly [string, number]>

export function keysOf({ series, unit, missing }: Plot, clock: Clock): Key[] {
  if (missing !== null) return []
  return series.map(({ name, colour, values, sum }) => {
    const counted = values.filter((value, tick) => value !== null && isMeasured(clock, clock.at[tick] ?? 0))
    const [word, figure] = SUMS[sum](counted.filter((value) => value !== null))
    return {
      name,
      colour: COLOURS[colour],
      sum: counted.length === 0 ? '–' : `${word} ${UNITS[unit](figure)}`,
    }
  })
}

/** For a page; a script may put what is at one moment where the sum stands. */
export const legendHtml = (keys: readonly Key[]): Markup =>
  markup`<span class="legend">${keys.map(
    ({ name, colour, sum }) =>
      markup`<span>${name === '' ? null : markup`<svg class="swatch" width="10" height="10" aria-hidden="true"><rect class="area ${colour.name}" width="10" height="10" rx="2" fill="${colour.light}"/></svg>${name} `}<b>${sum}</b></span>`,
  )}</span>`

const CHARACTER = 6.3
const ROW = 17

/** For a picture by itself: keys in rows, as many as fit. The width of letters can only be estimated without a browser. */
export function legendSvg(keys: readonly Key[], left: number, width: number): { rows: number; drawn: Markup } {
  let x = left
  let row = 0
  const drawn = keys.map(({ name, colour, sum }) => {
    const from = name === '' ? 0 : 15
    const own = 11 + from + (name.length + 1 + sum.length) * CHARACTER
    if (x > left && x + own > left + width) {
      x = left
      row += 1
    }
    const y = row * ROW
    const swatch = markup`<rect class="area ${colour.name}" x="${x}" y="${y - 9}" width="10" height="10" rx="2" fill="${colour.light}"/>`
    const key = markup`${name === '' ? null : swatch}<text class="key" x="${x + from}" y="${y}" font-size="11.5" fill="#334">${name} <tspan font-weight="600">${sum}</tspan></text>`
    x += own
    return key
  })
  return { rows: keys.length === 0 ? 0 : row + 1, drawn: markup`${drawn}` }
}
