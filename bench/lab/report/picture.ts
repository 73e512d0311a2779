import type { Results } from '../results.ts'
import { clockOf } from './clock.ts'
import { axesFor, BOX, draw, HEIGHT, WIDTH } from './draw.ts'
import { keysOf, legendSvg } from './legend.ts'
import { markup, trusted } from './markup.ts'
import { PLOTS, type Which } from './plots.ts'
import { PALETTE } from './style.ts'

/** One picture by itself, with its title and its legend; it follows the reader's light or dark. */
export function plotSvg(results: Results, which: Which): string {
  const plot = PLOTS[which](results)
  const clock = clockOf(results)
  const legend = legendSvg(keysOf(plot, clock), BOX.left, WIDTH - BOX.left)
  const head = 24 + legend.rows * 17
  const height = head + HEIGHT
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${plot.title}" font-family="sans-serif">
<style>${trusted(PALETTE)} .paper{fill:var(--paper)}</style>
<rect class="paper" width="${WIDTH}" height="${height}" fill="#fff"/>
<text class="title" x="${BOX.left}" y="18" font-size="13" font-weight="600" fill="#112">${plot.title}</text>
<g transform="translate(0 37)">${legend.drawn}</g>
<g transform="translate(0 ${head})">${draw(plot, clock, axesFor([plot], [clock]))}</g>
</svg>
`.markup
}
