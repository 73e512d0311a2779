import type { Results } from '../results.ts'
import { markup, type Markup } from './markup.ts'
import type { Run } from './run.ts'
import { table } from './tables.ts'
import { VERDICTS, type State, type Verdict } from './verdicts.ts'

/** Colour alone is no word. */
const MARKS = {
  good: ['✓', 'as it should be'],
  fair: ['○', 'tolerable'],
  poor: ['✗', 'not as it should be'],
  plain: null,
  unknown: null,
} as const satisfies Record<State, readonly [string, string] | null>

function figure({ figure, state }: Verdict): Markup {
  const mark = MARKS[state]
  return markup`<span class="figure">${mark && markup`<span class="mark" role="img" aria-label="${mark[1]}">${mark[0]}</span>`}${figure}</span>`
}

const tile = (verdict: Verdict): Markup =>
  markup`<dl class="verdict ${verdict.state}"><dt>${verdict.name}</dt><dd>${figure(verdict)}</dd><dd class="detail">${verdict.detail}</dd></dl>`

export const verdictTiles = (results: Results): Markup =>
  markup`<div class="verdicts">${VERDICTS.map((of) => tile(of(results)))}</div>`

const cell = (verdict: Verdict): Markup =>
  markup`<div class="${verdict.state}">${figure(verdict)}<div class="detail">${verdict.detail}</div></div>`

/** The same of several runs, beside each other. */
export function verdictTable(runs: readonly Run[]): Markup {
  const rows = VERDICTS.map((of) => {
    const verdicts = runs.map(({ results }) => of(results))
    return [verdicts[0]?.name ?? '', ...verdicts.map(cell)]
  })
  return table({ columns: [{ name: '' }, ...runs.map(({ name }) => ({ name }))], rows })
}
