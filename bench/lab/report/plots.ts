import type { DatabaseTick, ProcessTick, Results, Tick } from '../results.ts'
import type { ColourName } from './colours.ts'
import type { Plot, Series } from './plot.ts'

const NOT_LOOKED_INTO = 'Not to be seen: nobody may look into this target’s database.'
const NOT_HERE = 'Not to be seen: this target’s processes are not on this machine.'
const NOT_TOLD = 'This target does not tell.'

const series = (
  name: string,
  colour: ColourName,
  values: readonly (number | null)[],
  sum: Series['sum'] = 'most',
): Series => ({ name, colour, values, sum })

/** A second in which nothing was answered has no percentiles. */
const measured = (value: number): number | null => (value > 0 ? value : null)

const percentiles = (title: string, of: (tick: Tick) => { p50: number; p99: number }) => (results: Results) => ({
  title,
  unit: 'ms' as const,
  total: null,
  floor: 0.1,
  series: [
    series(
      'p99',
      'blue',
      results.ticks.map((tick) => measured(of(tick).p99)),
    ),
    series(
      'p50',
      'sky',
      results.ticks.map((tick) => measured(of(tick).p50)),
    ),
  ],
  missing: null,
})

/** One of the gateway's gauges. */
function processes(
  { sum = 'most', ...shape }: Pick<Plot, 'title' | 'unit' | 'floor'> & { sum?: Series['sum'] },
  of: (gateway: ProcessTick) => number | null,
) {
  return ({ ticks }: Results): Plot => {
    const values = ticks.map(({ gateway }) => gateway && of(gateway))
    const absent = ticks.every(({ gateway }) => gateway === null) ? NOT_HERE : NOT_TOLD
    return {
      ...shape,
      total: null,
      series: [series('', 'blue', values, sum)],
      missing: values.every((value) => value === null) ? absent : null,
    }
  }
}

const STATES: Readonly<Record<string, ColourName>> = {
  'idle in transaction': 'red',
  active: 'teal',
  idle: 'slate',
}

/** Each state is the most of its second, so together they may be more than there ever were: what idles fills up to those. */
function connections({ ticks }: Results): Plot {
  const seen = new Set(ticks.flatMap(({ database }) => Object.keys(database?.states ?? {})))
  const others = [...seen].filter((state) => !(state in STATES)).toSorted()
  // The state that should not be is named where it never was: its absence is the finding.
  const states = ['idle in transaction', ...others, 'active', 'idle']
  const of = (state: string) =>
    series(
      state,
      STATES[state] ?? 'violet',
      ticks.map(({ database }) => database && (database.states[state] ?? 0)),
    )
  return {
    title: 'Connections of the gateway to its database, by state',
    unit: 'count',
    total: ticks.map(({ database }) => database && database.connections),
    floor: null,
    series: states.map(of),
    missing: ticks.every(({ database }) => database === null) ? NOT_LOOKED_INTO : null,
  }
}

function transaction({ ticks }: Results): Plot {
  const age = (database: DatabaseTick | null): number | null => database && database.oldestTransactionMs
  return {
    title: 'Age of the oldest transaction',
    unit: 'ms',
    total: null,
    floor: 1,
    series: [
      series(
        '',
        'blue',
        ticks.map(({ database }) => age(database)),
      ),
    ],
    missing: ticks.every(({ database }) => database === null) ? NOT_LOOKED_INTO : null,
  }
}

function flight({ ticks }: Results): Plot {
  const streams = ticks.some(({ openStreams }) => openStreams > 0)
  const of = (name: string, colour: ColourName, key: 'inFlight' | 'users' | 'openStreams') =>
    series(
      name,
      colour,
      ticks.map((tick) => tick[key]),
    )
  return {
    title: 'Requests in flight, and users',
    unit: 'count',
    total: null,
    floor: null,
    series: [
      of('in flight', 'blue', 'inFlight'),
      of('users', 'slate', 'users'),
      ...(streams ? [of('open streams', 'teal', 'openStreams')] : []),
    ],
    missing: null,
  }
}

const outcome = (key: 'answered' | 'refused' | 'failed', colour: ColourName) => (ticks: readonly Tick[]) =>
  series(
    key,
    colour,
    ticks.map((tick) => tick[key]),
    key === 'answered' ? 'mean' : 'most',
  )

const rate = ({ ticks }: Results): Plot => ({
  title: 'Requests answered, refused and failed',
  unit: 'rate',
  total: null,
  floor: null,
  series: [outcome('answered', 'teal'), outcome('refused', 'amber'), outcome('failed', 'red')].map((of) => of(ticks)),
  missing: null,
})

/** Every picture of a report, in its order. */
export const PLOTS = {
  added: percentiles('What the gateway adds to a request', ({ added }) => added),
  lists: percentiles('Lists, from the asking to the whole answer', ({ lists }) => lists),
  rate,
  flight,
  connections,
  transaction,
  cpu: processes(
    { title: 'Processor time, of one core', unit: 'percent', floor: null, sum: 'mean' },
    ({ cpuPercent }) => cpuPercent,
  ),
  memory: processes({ title: 'Memory of all processes', unit: 'mb', floor: null }, ({ rssMb }) => rssMb),
  loop: processes({ title: 'Delay of the event loop', unit: 'ms', floor: 0.1 }, ({ loopDelayMs }) => loopDelayMs),
} as const satisfies Record<string, (results: Results) => Plot>
export type Which = keyof typeof PLOTS
