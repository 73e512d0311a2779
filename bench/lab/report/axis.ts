import { place } from './line.ts'
import { markup, type Markup } from './markup.ts'
import type { Scale } from './scale.ts'

export interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Lines across, with what they stand for to the left of them. */
export function upright({ left, right }: Box, scale: Scale, label: (tick: number) => string): Markup {
  const row = (tick: number): Markup => {
    const y = place(scale.at(tick))
    return markup`<line class="grid" x1="${left}" x2="${right}" y1="${y}" y2="${y}" stroke="#8886" stroke-width=".6"/><text class="tick" x="${left - 7}" y="${y}" dy=".34em" text-anchor="end" font-size="11" fill="#667">${label(tick)}</text>`
  }
  return markup`<g>${scale.ticks.map(row)}</g>`
}

/** Below the box. */
export function along({ left, right, bottom }: Box, scale: Scale, label: (tick: number) => string): Markup {
  const mark = (tick: number): Markup => {
    const x = place(scale.at(tick))
    return markup`<line class="grid" x1="${x}" x2="${x}" y1="${bottom}" y2="${bottom + 4}" stroke="#8886"/><text class="tick" x="${x}" y="${bottom + 17}" text-anchor="middle" font-size="11" fill="#667">${label(tick)}</text>`
  }
  return markup`<g><line class="base" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}" stroke="#889"/>${scale.ticks.map(mark)}</g>`
}
