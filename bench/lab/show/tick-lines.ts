import { hasAnswers } from '../judge.ts'
import type { Results, Tick } from '../results.ts'
import type { Scenario } from '../scenario.ts'

const ms = (value: number): string => (value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`)

const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`

/** How far the run is, in words. */
function phase({ at }: Tick, { rampSeconds, seconds }: Scenario): string {
  const end = rampSeconds + seconds
  if (at <= rampSeconds) return 'users arrive'
  return at <= end ? 'measured' : 'last answers'
}

function databaseLine({ database }: Tick): string | null {
  if (database === null) return null
  const states = Object.entries(database.states).map(([state, count]) => `${count} ${state}`)
  return `database    ${states.join(', ') || 'no connection'}; oldest transaction ${ms(database.oldestTransactionMs)}`
}

function gatewayLine({ gateway }: Tick): string | null {
  if (gateway === null) return null
  const late = gateway.loopDelayMs === null ? '' : `, event loop ${ms(gateway.loopDelayMs)} late`
  return `gateway     ${Math.round(gateway.rssMb)} MB, ${Math.round(gateway.cpuPercent)} % of a core${late}`
}

/** What a second shows, for a terminal that is drawn anew. */
export function tickLines(tick: Tick, scenario: Scenario): readonly string[] {
  const { users, inFlight, answered, failed, refused, added, lists, openStreams } = tick
  const end = scenario.rampSeconds + scenario.seconds
  const streams = scenario.streams > 0 ? `, ${openStreams} streams open` : ''
  return [
    `${clock(tick.at)} of ${clock(end)}  ${phase(tick, scenario)}`,
    `users       ${users} of ${scenario.loop.users}, ${inFlight} requests in flight${streams}`,
    `answered    ${answered}/s, ${failed} failed, ${refused} refused`,
    `added       p50 ${ms(added.p50)}, p99 ${ms(added.p99)}; lists p99 ${ms(lists.p99)}`,
    databaseLine(tick),
    gatewayLine(tick),
  ].filter((line) => line !== null)
}

/** The same on one line, where nothing can be drawn anew. */
export function tickLine(tick: Tick, scenario: Scenario): string {
  const { users, inFlight, answered, failed, refused, added, lists, database, gateway } = tick
  const states = Object.entries(database?.states ?? {}).map(([state, count]) => `${count} ${state}`)
  return [
    `${clock(tick.at)} ${phase(tick, scenario)}: ${users} users, ${inFlight} in flight`,
    `${answered}/s, ${failed} failed, ${refused} refused`,
    `added p50 ${ms(added.p50)} p99 ${ms(added.p99)}, lists p99 ${ms(lists.p99)}`,
    ...(database === null ? [] : [`db ${states.join(', ')}, oldest ${ms(database.oldestTransactionMs)}`]),
    ...(gateway === null ? [] : [`${Math.round(gateway.rssMb)} MB`]),
  ].join(' | ')
}

/** What a run has found, for a terminal. */
export function resultLines(results: Results): readonly string[] {
  const { kinds, failures, database, generators } = results
  const rows = kinds.map(({ kind, answered, failed, refused, total, added }) => [
    kind,
    String(answered),
    String(failed),
    String(refused),
    ms(total.p50),
    ms(total.p99),
    ms(added.p50),
    ms(added.p99),
  ])
  const head = ['', 'answered', 'failed', 'refused', 'p50', 'p99', 'added p50', 'added p99']
  const table = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  return [
    ...lines,
    '',
    `answers to the wrong caller: ${foreignIn(results)}`,
    ...(database === null
      ? ['the database of this target was not looked at']
      : [
          `idle in transaction: at most ${database.idleInTransactionMax} at once; none in ${database.looksWithoutIdleInTransaction} of ${database.looks} looks`,
          `oldest transaction ${ms(database.oldestTransactionMs)}; at most ${database.connectionsMax} connections`,
        ]),
    `the generators: ${Math.round(generators.cpuMicrosPerAnswer)} µs of CPU an answer, p99 ${ms(generators.loopDelayP99Ms)} late`,
    ...failures.slice(0, 5).map(({ kind, reason, count, example }) => `${count} × ${kind}: ${reason} (${example})`),
  ]
}

/** None can be wrong where there is none. */
const foreignIn = (results: Results): string =>
  results.foreignAnswers === 0 && !hasAnswers(results)
    ? 'not seen, nothing was answered'
    : String(results.foreignAnswers)
