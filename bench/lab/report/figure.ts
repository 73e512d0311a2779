import type { Clock } from './clock.ts'
import { BOX, draw, HEIGHT, WIDTH, type Axes } from './draw.ts'
import { keysOf, legendHtml } from './legend.ts'
import { place } from './line.ts'
import { markup, type Markup } from './markup.ts'
import type { Plot } from './plot.ts'
import { thinned } from './thin.ts'
import { moment, UNITS } from './units.ts'

/** What the page's script shows of a moment, in words already. */
function readOut({ series, unit }: Plot, clock: Clock, { time, span }: Axes): string {
  const columns = series.map(({ values }) => thinned(clock.at, values))
  const first = columns[0] ?? []
  return JSON.stringify({
    x: first.map(({ at }) => Number(place(time.at(at)))),
    at: first.map(({ at }) => moment(at, span)),
    values: columns.map((column) => column.map(({ high }) => (high === null ? '–' : UNITS[unit](high)))),
  })
}

/** A picture in the page. `whose`: the target, where there are several. */
export function figure(plot: Plot, clock: Clock, { axes, whose }: { axes: Axes; whose: string | null }): Markup {
  const name = whose === null ? plot.title : `${plot.title}, ${whose}`
  const isDrawn = plot.missing === null && clock.at.length > 0
  return markup`<figure${isDrawn ? markup` data-plot="${readOut(plot, clock, axes)}"` : null}>
<figcaption><strong>${whose ?? plot.title} <span class="soft moment"></span></strong>${legendHtml(keysOf(plot, clock))}</figcaption>
<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${name}">${draw(plot, clock, axes)}<line class="cursor" x1="-9" x2="-9" y1="${BOX.top}" y2="${BOX.bottom}"/></svg>
</figure>`
}
