import { clockOf } from './clock.ts'
import { axesFor } from './draw.ts'
import { figure } from './figure.ts'
import { markup, type Markup } from './markup.ts'
import { PLOTS } from './plots.ts'
import type { Run } from './run.ts'

/** Every picture; of several runs beside each other, with one measure for all. */
export function plotsSection(runs: readonly Run[]): Markup {
  const clocks = runs.map(({ results }) => clockOf(results))
  const groups = Object.values(PLOTS).map((of) => {
    const plots = runs.map(({ results }) => of(results))
    const axes = axesFor(plots, clocks)
    const figures = runs.map(({ name, results }) =>
      figure(of(results), clockOf(results), { axes, whose: runs.length === 1 ? null : name }),
    )
    return runs.length === 1
      ? markup`${figures}`
      : markup`<h3>${plots[0]?.title ?? ''}</h3><div class="plots">${figures}</div>`
  })
  return runs.length === 1 ? markup`<div class="plots">${groups}</div>` : markup`${groups}`
}
