import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Api, Json } from './api.ts'
import type { Context } from './context.ts'
import { taught } from './lesson.ts'
import { readMetrics, sumOf } from './prometheus.ts'
import { tableLines } from './table.ts'
import { plainText, type Terminal } from './terminal.ts'
import { toldApart } from './told-apart.ts'
import { duration, percent, perSecond } from './units.ts'
import { keepShowing, withWatchOptions, type WatchOptions } from './keep-showing.ts'

interface Options extends WatchOptions {
  readonly by: string
  readonly window: number
}

const NUMBERS = ['CALLS/S', 'ERRORS', 'P50', 'P99', 'MAX'] as const

/** The calls that clients make, as the records of the last seconds tell of them. */
export function watchCalls(watch: Command, context: Context): void {
  const command = withWatchOptions(
    watch.command('calls').description('calls per tool or gateway, live: how many, how many fail, how long they take'),
    2,
  )
    .addOption(new Option('--by <what>', 'one line for each').choices(['tool', 'gateway', 'all']).default('tool'))
    .option('--window <seconds>', 'over the calls of this long', windowSeconds, 10)
    .action(async (options: Options) => {
      await keepShowing(context, options, async (api) => {
        const [calls, flight] = await Promise.all([recent(api, options), inFlight(api)])
        const json = { at: new Date().toISOString(), seconds: options.window, callsInFlight: flight, calls }
        return { json, lines: shown(calls, { flight, options, out: context.out }) }
      })
    })
  taught(command, {
    examples: [
      ['live; Ctrl-C ends it', 'causeway watch calls'],
      ['per server behind the gateway, over the last minute', 'causeway watch calls --by gateway --window 60'],
      ['one look, for a program', 'causeway watch calls --once --json'],
    ],
    next: 'causeway show NAME tells more of a tool or server that stands out.',
  })
}

async function recent(api: Api, { window, by }: Options): Promise<readonly Json[]> {
  const { text } = await api.request('GET', `/v1/metrics/recent?seconds=${window}&limit=500`)
  const all = JSON.parse(text) as readonly Json[]
  if (by === 'gateway') return all.filter(({ kind }) => kind === 'gateway')
  return all.filter(({ kind }) => (by === 'tool' ? kind === 'tool' : kind !== 'gateway'))
}

async function inFlight(api: Api): Promise<number> {
  const answer = await api.send('GET', '/metrics', { headers: { accept: 'text/plain' } })
  return answer.ok ? sumOf(readMetrics(await answer.text()), 'causeway_calls_in_flight') : 0
}

interface Showing {
  readonly flight: number
  readonly options: Options
  readonly out: Terminal
}

function shown(calls: readonly Json[], { flight, options, out }: Showing): readonly string[] {
  const { window, by } = options
  const sum = (field: string): number => calls.reduce((total, one) => total + Number(one[field]), 0)
  const [total, failed] = [sum('calls'), sum('failures')]
  const failing = failed === 0 ? 'no errors' : `${percent(failed, total)} errors`
  const summary = `${perSecond(total / window)} calls/s over ${window} s, ${failing}, ${flight} in flight`
  if (calls.length === 0) return [summary]
  const names = toldApart(calls, ({ name, id }) => plainText(name ?? id))
  const rows = calls.map(({ calls: count, failures, p50, p99, max }, n) => [
    names[n] ?? '',
    perSecond(Number(count) / window),
    percent(Number(failures), Number(count)),
    duration(p50),
    duration(p99),
    duration(max),
  ])
  return [summary, '', ...tableLines([by === 'all' ? 'CALLED' : by.toUpperCase(), ...NUMBERS], rows, out)]
}

function windowSeconds(text: string): number {
  const value = Number(text)
  if (!(Number.isInteger(value) && value >= 1 && value <= 300))
    throw new InvalidArgumentError('it must be 1 to 300 seconds.')
  return value
}
