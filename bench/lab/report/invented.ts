import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KindResult, Percentiles, Results, Tick } from '../results.ts'
import type { Scenario } from '../scenario.ts'

/** Results that nobody measured, for tests of the report alone: a ramp, a steady part, a fault in the middle. */
export interface Invention {
  readonly ticks?: number
  readonly ramp?: number
  readonly name?: string
  /** The database and the processes can be seen. */
  readonly isOwn?: boolean
}

const founding = JSON.parse(readFileSync(join(import.meta.dirname, '../scenarios/founding.json'), 'utf8')) as Scenario

/** Always the same, and looks like chance: from 0 to 1. */
const chance = (seed: number): number => {
  const value = Math.sin(seed * 12.9898) * 43_758.5453
  return value - Math.floor(value)
}

function tick(at: number, { ticks, ramp, isOwn }: Required<Invention>): Tick {
  const load = Math.min(at / ramp, 1)
  const noise = (salt: number): number => 0.7 + 0.6 * chance(at + salt * 1000)
  const isFault = at > ticks * 0.5 && at <= ticks * 0.5 + 12
  const active = Math.round(load * 3 * noise(3)) + (isFault ? 4 : 0)
  const idleInTransaction = isFault && at % 5 === 0 ? 1 : 0
  return {
    at,
    users: Math.round(4000 * load),
    inFlight: Math.round(900 * load * (0.95 + 0.1 * chance(at))) + (isFault ? 260 : 0),
    answered: Math.round(300 * load * noise(1) * (isFault ? 0.5 : 1)),
    failed: isFault ? Math.round(9 * noise(2)) : 0,
    refused: isFault ? Math.round(40 * noise(4)) : 0,
    openStreams: 0,
    added: { p50: 2.9 * noise(5) * (isFault ? 4 : 1), p99: 21 * noise(6) * (isFault ? 40 : 1) },
    lists: { p50: 4.1 * noise(7) * (isFault ? 3 : 1), p99: 15 * noise(8) * (isFault ? 12 : 1) },
    database: isOwn
      ? {
          looks: 4,
          states: { active, idle: 11 - active - idleInTransaction, 'idle in transaction': idleInTransaction },
          connections: 11,
          oldestTransactionMs: at % 3 === 0 ? 30 * noise(9) * (isFault ? 20 : 1) : 0,
        }
      : null,
    gateway: isOwn
      ? {
          rssMb: 210 + 90 * load + 4 * noise(10),
          cpuPercent: 84 * load * noise(11),
          loopDelayMs: 3 * noise(12) * (isFault ? 10 : 1),
        }
      : null,
  }
}

const percentiles = (count: number, p50: number): Percentiles => ({
  count,
  p50,
  p90: p50 * 2.2,
  p99: p50 * 7,
  p999: p50 * 19,
  max: p50 * 48,
  mean: p50 * 1.4,
})

const kind = (name: string, answered: number, p50s: readonly [total: number, added: number]): KindResult => ({
  kind: name,
  answered,
  failed: name === 'call' ? 97 : 0,
  refused: name === 'call' ? 480 : 0,
  total: percentiles(answered, p50s[0]),
  added: percentiles(answered, p50s[1]),
})

export function inventedResults(about: Invention = {}): Results {
  const all: Required<Invention> = { ticks: 900, ramp: 60, name: 'invented', isOwn: true, ...about }
  return {
    format: 1,
    scenario: founding,
    target: { name: all.name, url: 'http://127.0.0.1:4444', version: '0.0.0' },
    machine: { cores: 2, cpu: 'An Invented Processor', node: 'v24.21.0', memoryGb: 8 },
    beganAt: '2000-01-01T00:00:00Z',
    measuredFrom: all.ramp,
    measuredSeconds: all.ticks - all.ramp,
    kinds: [
      kind('call', 176_112, [812, 2.9]),
      kind('list', 50_318, [4.1, 4.1]),
      kind('rest', 17_602, [6.2, 6.2]),
      kind('page', 7511, [2.4, 2.4]),
      kind('relay call', 12_514, [811, 2.6]),
      kind('relay list', 3570, [3.8, 3.8]),
    ],
    ticks: Array.from({ length: all.ticks }, (_, index) => tick(index + 1, all)),
    minutes: [],
    database: all.isOwn
      ? {
          looks: 3360,
          looksWithoutIdleInTransaction: 3357,
          idleInTransactionMax: 1,
          oldestTransactionMs: 700,
          connectionsMax: 11,
          errors: { ProtocolViolation: 0, '08P01': 0, '25P03': 0, pool: 0 },
          activity: [
            { source: 'causeway worker', state: 'idle', count: 10, avgAgeMs: 4210, maxAgeMs: 60_031 },
            { source: 'causeway worker', state: 'active', count: 8, avgAgeMs: 1.8, maxAgeMs: 700 },
            { source: 'causeway worker', state: 'idle in transaction', count: 1, avgAgeMs: 2.1, maxAgeMs: 4 },
            { source: 'causeway listener', state: 'idle', count: 1, avgAgeMs: 420_000, maxAgeMs: 840_000 },
          ],
        }
      : null,
    failures: [
      {
        kind: 'call',
        reason: '504 upstream_timeout',
        count: 97,
        example: '{"jsonrpc":"2.0","id":7,"error":{"code":-32011,"message":"the deadline passed"}}',
      },
    ],
    foreignAnswers: 0,
    generators: { processes: 2, loopDelayP99Ms: 11.4, cpuPercent: 48, cpuMicrosPerAnswer: 1500 },
  }
}
