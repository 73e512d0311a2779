import { area, stacked, type Slice } from './area.ts'
import { along, upright, type Box } from './axis.ts'
import type { Clock } from './clock.ts'
import { COLOURS } from './colours.ts'
import { line, place } from './line.ts'
import { markup, type Markup } from './markup.ts'
import { leastOf, topOf, type Plot, type Series } from './plot.ts'
import { linear, logarithmic, time, type Place, type Scale } from './scale.ts'
import { thinned } from './thin.ts'
import { moment, UNITS } from './units.ts'

export const WIDTH = 560
export const BOX: Box = { left: 58, right: WIDTH - 10, top: 10, bottom: 170 }
/** With room for the labels of the time axis. */
export const HEIGHT = 194

/** What pictures beside each other share. */
export interface Axes {
  readonly time: Scale
  readonly value: Scale
  readonly span: number
}

export function axesFor(plots: readonly Plot[], clocks: readonly Clock[]): Axes {
  const [plot] = plots
  const top = Math.max(...plots.map(topOf))
  const ends = clocks.flatMap(({ at }) => [at[0] ?? 0, at.at(-1) ?? 0])
  const whole: Place = [Math.min(...ends, 0), Math.max(...ends, 1)]
  const upwards: Place = [BOX.bottom, BOX.top]
  const floor = plot?.floor ?? null
  const least = Math.max(floor ?? 0, Math.min(...plots.map(leastOf), top || 1))
  return {
    time: time(whole, [BOX.left, BOX.right]),
    value:
      floor === null ? linear(top, upwards, plot?.unit === 'count') : logarithmic(least, Math.max(top, least), upwards),
    span: whole[1] - whole[0],
  }
}

/** What is before the measured part and after it is shown, and shown to be no part of the sums. */
function unmeasured({ at, from, until }: Clock, { time }: Axes): Markup {
  const shade = (begin: number, end: number, word: string): Markup => {
    const [left, right] = [time.at(begin), time.at(end)]
    if (right - left < 0.5) return markup``
    const name =
      right - left < 30
        ? null
        : markup`<text class="tick" x="${place((left + right) / 2)}" y="${BOX.top + 12}" text-anchor="middle" font-size="11" fill="#667">${word}</text>`
    return markup`<rect class="shade" x="${place(left)}" y="${BOX.top}" width="${place(right - left)}" height="${BOX.bottom - BOX.top}" fill="#8882"/>${name}`
  }
  const [first, last] = [at[0] ?? 0, at.at(-1) ?? 0]
  return markup`${shade(first, Math.min(from, last), 'ramp')}${shade(Math.max(until, first), last, 'end')}`
}

interface Drawing {
  readonly clock: Clock
  readonly axes: Axes
}

function lines({ series }: Plot, { clock, axes: { time, value } }: Drawing): Markup {
  const drawn = series.map(({ colour, values }) => {
    const own = thinned(clock.at, values)
    const height = (figure: number | null): number | null => (figure === null ? null : value.at(figure))
    const spread: Slice[] = own.map(({ at, low, high }) => ({ x: time.at(at), from: height(low), to: height(high) }))
    const band = own.some(({ low, high }) => low !== high) ? area(spread, { ...COLOURS[colour], opacity: 0.18 }) : null
    const points = own.map(({ at, high }) => ({ x: time.at(at), y: height(high) }))
    return markup`${band}${line(points, COLOURS[colour])}`
  })
  // The first of the series is the one that matters most, so it lies on top.
  return markup`${drawn.toReversed()}`
}

function stack({ series, total }: Plot, { clock, axes: { time, value } }: Drawing): Markup {
  const most = (values: Series['values']): (number | null)[] => thinned(clock.at, values).map(({ high }) => high)
  const layers = stacked(
    series.slice(0, -1).map(({ values }) => most(values)),
    most(total ?? []),
  )
  const places = thinned(clock.at, total ?? []).map(({ at }) => time.at(at))
  const drawn = series.map(({ colour }, index) => {
    const slices = (layers[index] ?? []).map((level, column): Slice => ({
      x: places[column] ?? 0,
      from: level && value.at(level.from),
      to: level && value.at(level.to),
    }))
    return area(slices, { ...COLOURS[colour], opacity: 0.85 })
  })
  return markup`${drawn}`
}

const instead = (text: string): Markup =>
  markup`<rect class="shade" x="0" y="${BOX.top}" width="${WIDTH}" height="${BOX.bottom - BOX.top}" rx="4" fill="#8882"/><text class="tick" x="${WIDTH / 2}" y="${(BOX.top + BOX.bottom) / 2}" text-anchor="middle" font-size="13" fill="#667">${text}</text>`

/** The inside of a picture, WIDTH by HEIGHT. */
export function draw(plot: Plot, clock: Clock, axes: Axes): Markup {
  if (plot.missing !== null) return instead(plot.missing)
  if (clock.at.length === 0) return instead('The run has no ticks.')
  const drawing = (plot.total === null ? lines : stack)(plot, { clock, axes })
  return markup`${unmeasured(clock, axes)}${upright(BOX, axes.value, UNITS[plot.unit])}${drawing}${along(BOX, axes.time, (tick) => moment(tick, axes.span))}`
}
