import { bounded, exactly, noted, within } from '../faults/findings.ts'
import type { Finding } from '../faults/fault.ts'
import type { KindResult, Minute, Results } from '../lab/results.ts'
import { median } from '../table.ts'
import { POOL } from './bed.ts'

/** What the relay adds without a database or authentication, times this, is what is aimed at. */
const OF_THE_RELAY = 1.25
/** Memory and minutes are judged once things have settled. */
const SETTLED_S = 300

const kindOf = ({ kinds }: Results, name: string): KindResult | undefined => kinds.find(({ kind }) => kind === name)

function databaseRows({ database }: Results): Finding[] {
  if (database === null) return [noted('database', 'nobody may look into this target’s database')]
  const { looks, looksWithoutIdleInTransaction: calm, missedLooks = 0 } = database
  const errors = Object.entries(database.errors).filter(([, count]) => count > 0)
  return [
    bounded(
      { figure: 'connections idle in transaction, at most', must: 19, goal: 1, unit: '', digits: 0 },
      database.idleInTransactionMax,
    ),
    bounded(
      {
        figure: `of ${looks} looks, that saw none idle in transaction`,
        must: 95,
        goal: 99.9,
        unit: ' %',
        atLeast: true,
      },
      (100 * calm) / Math.max(1, looks),
    ),
    exactly('looks that the database did not answer', 0, missedLooks),
    within('oldest transaction', { must: 5000, goal: 100 }, database.oldestTransactionMs),
    exactly(
      'protocol violations, 08P01, 25P03, pool errors',
      0,
      errors.length === 0 ? 0 : errors.map(([what, count]) => `${count} × ${what}`).join(', '),
    ),
    bounded(
      { figure: 'database connections of the machine', must: POOL + 3, goal: POOL + 1, unit: '', digits: 0 },
      database.connectionsMax,
    ),
  ]
}

function failureRows({ kinds, foreignAnswers }: Results): Finding[] {
  const own = kinds.filter(({ kind }) => !kind.startsWith('relay '))
  const failed = own.reduce((sum, each) => sum + each.failed + each.refused, 0)
  const asked = own.reduce((sum, each) => sum + each.answered, failed)
  return [
    bounded(
      { figure: `failed requests, of ${asked}`, must: 0.01, goal: 0, unit: ' %', digits: 4 },
      (100 * failed) / Math.max(1, asked),
    ),
    exactly('answers to the wrong caller', 0, foreignAnswers),
  ]
}

/** The relay of the same run says what any relay costs on this machine now; without one, only the must is judged. */
function latency(figure: string, must: number, [own, relay]: readonly [number, number | undefined]): Finding {
  const goal = relay === undefined ? must : Math.min(must, Number((relay * OF_THE_RELAY).toFixed(2)))
  return { ...within(figure, { must, goal }, own), measured: `${own.toFixed(1)} ms${beside(own, relay)}` }
}

const beside = (own: number, relay: number | undefined): string =>
  relay === undefined || relay === 0 ? '' : `, ${(own / relay).toFixed(2)} × the bare relay’s ${relay.toFixed(1)}`

function latencyRows(results: Results): Finding[] {
  const [call, list] = [kindOf(results, 'call'), kindOf(results, 'list')]
  const [relayCall, relayList] = [kindOf(results, 'relay call'), kindOf(results, 'relay list')]
  return [
    latency('latency added to a call, p50', 15, [call?.added.p50 ?? Number.NaN, relayCall?.added.p50]),
    latency('latency added to a call, p99', 250, [call?.added.p99 ?? Number.NaN, relayCall?.added.p99]),
    latency('a list while the calls wait, p99', 250, [list?.total.p99 ?? Number.NaN, relayList?.total.p99]),
  ]
}

/** Least squares; MB a minute. */
function slope(points: readonly (readonly [seconds: number, mb: number])[]): number {
  const mean = (of: 0 | 1): number => points.reduce((sum, point) => sum + point[of], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  const under = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
  return under === 0 ? 0 : (60 * over) / under
}

function driftRows({ ticks, minutes, measuredFrom, measuredSeconds }: Results): Finding[] {
  const end = measuredFrom + measuredSeconds
  const points = ticks.flatMap(({ at, gateway }) =>
    gateway === null || at < measuredFrom + SETTLED_S || at > end ? [] : [[at, gateway.rssMb] as const],
  )
  const memory =
    points.length < SETTLED_S / 2
      ? noted('growth of memory after minute 5', 'takes the long form')
      : bounded(
          { figure: 'growth of memory after minute 5', must: 1, goal: 0.2, unit: ' MB/min', digits: 2 },
          slope(points),
        )
  return [memory, minuteRow(minutes)]
}

function minuteRow(minutes: readonly Minute[]): Finding {
  const figure = 'p99 of the slowest minute, of their median'
  if (minutes.length < 3) return noted(figure, 'takes the long form')
  const all = minutes.map(({ added }) => added.p99)
  const worst = Math.max(...all) / Math.max(0.001, median(all))
  return {
    ...bounded({ figure, must: 2, goal: 1.25, unit: ' ×', digits: 2 }, worst),
    weight: 'time',
    byFar: worst > 10,
  }
}

/** What must hold, what is aimed at, what was measured. */
export function foundingTable(results: Results): readonly Finding[] {
  return [...databaseRows(results), ...failureRows(results), ...latencyRows(results), ...driftRows(results)]
}
