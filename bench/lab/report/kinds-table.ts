import type { KindResult, Percentiles } from '../results.ts'
import { markup, type Markup, type Part } from './markup.ts'
import type { Run } from './run.ts'
import { table, type Cell, type Column } from './tables.ts'
import { UNITS, whole } from './units.ts'

const PERCENTILES = [
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p99', 'p99'],
  ['p99.9', 'p999'],
  ['most', 'max'],
] as const satisfies readonly (readonly [string, keyof Percentiles])[]

const number = (name: string): Column => ({ name, form: 'number' })

const times = (of: Percentiles): string[] => PERCENTILES.map(([, key]) => (of.count === 0 ? '–' : UNITS.ms(of[key])))

const figures = ({ answered, failed, refused, total, added }: KindResult): (Part | Cell)[] => [
  whole(answered),
  { text: whole(failed), isBad: failed > 0 },
  whole(refused),
  ...times(total),
  ...times(added),
]

/** Kinds of requests by percentiles; of several runs, each kind's lines below each other. */
export function kindsTable(runs: readonly Run[]): Markup {
  const isOne = runs.length === 1
  const kinds = [...new Set(runs.flatMap(({ results }) => results.kinds.map(({ kind }) => kind)))]
  const rows = kinds.flatMap((kind) =>
    runs.flatMap(({ name, results }) =>
      results.kinds
        .filter((each) => each.kind === kind)
        .map((each): (Part | Cell)[] => [kind, ...(isOne ? [] : [name]), ...figures(each)]),
    ),
  )
  const columns = [
    { name: 'request' },
    ...(isOne ? [] : [{ name: 'target' }]),
    ...['answered', 'failed', 'refused'].map(number),
    ...PERCENTILES.map(([name]) => number(name)),
    ...PERCENTILES.map(([name]) => number(name)),
  ]
  const above = markup`<tr><th colspan="${isOne ? 4 : 5}"></th><th class="group" colspan="5">from the asking to the whole answer</th><th class="group" colspan="5">of it, added to what the server took</th></tr>`
  return table({ columns, above, rows })
}
