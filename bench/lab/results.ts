import type { Scenario } from './scenario.ts'

/** Milliseconds. */
export interface Percentiles {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  readonly mean: number
}

/**
 * What is told apart: a request kind through the gateway (`call`, `list`, …), or through the bare relay (`relay call`, …).
 * `total` runs from when the user meant to send until the answer is whole; `added` is that less what the upstream took by its own clock.
 */
export interface KindResult {
  readonly kind: string
  readonly answered: number
  readonly failed: number
  /** Refused by admission with 429 or 503 and a time to come back: no failure, and no goodput. */
  readonly refused: number
  readonly total: Percentiles
  readonly added: Percentiles
}

/** A second of the run. Counters are of this second, gauges of its end; null: not to be had from this target. */
export interface Tick {
  /** Seconds since the users began to arrive. */
  readonly at: number
  readonly users: number
  readonly inFlight: number
  readonly answered: number
  readonly failed: number
  readonly refused: number
  readonly openStreams: number
  /** Of the requests answered in this second, through the gateway. */
  readonly added: { readonly p50: number; readonly p99: number }
  readonly lists: { readonly p50: number; readonly p99: number }
  readonly database: DatabaseTick | null
  readonly gateway: ProcessTick | null
}

/** A whole minute of what was measured, of requests through the gateway. */
export interface Minute {
  /** Seconds on the ticks' clock, of its end. */
  readonly at: number
  readonly answered: number
  readonly added: { readonly p50: number; readonly p99: number }
}

/** The most that any look of this second saw; several looks a second. */
export interface DatabaseTick {
  readonly looks: number
  /** Connections of the gateway by state: `active`, `idle`, `idle in transaction`, … */
  readonly states: Readonly<Record<string, number>>
  readonly connections: number
  readonly oldestTransactionMs: number
}

/** Of all the gateway's processes, PostgreSQL left out. */
export interface ProcessTick {
  readonly rssMb: number
  /** Processor time of this second, in percent of one core. */
  readonly cpuPercent: number
  /** Of the slowest worker, where the gateway tells; milliseconds. */
  readonly loopDelayMs: number | null
}

/** One line of `source | state | count | avg_age | max_age`; counts are the most seen at once, ages in milliseconds. */
export interface ActivityRow {
  readonly source: string
  readonly state: string
  readonly count: number
  readonly avgAgeMs: number
  readonly maxAgeMs: number
}

export interface DatabaseResult {
  readonly looks: number
  /** Looks that were due and not had: the database did not answer, or not in time. */
  readonly missedLooks?: number
  /** Looks that saw no connection idle in transaction. */
  readonly looksWithoutIdleInTransaction: number
  readonly idleInTransactionMax: number
  readonly oldestTransactionMs: number
  readonly connectionsMax: number
  /** Protocol violations, 08P01, 25P03 and pool errors in the logs of server, pooler and gateway. */
  readonly errors: Readonly<Record<string, number>>
  readonly activity: readonly ActivityRow[]
}

export interface FailureRow {
  readonly kind: string
  readonly reason: string
  readonly count: number
  readonly example: string
}

/** Everything a run has shown: `results.json`, and all that a report is made of. */
export interface Results {
  readonly format: 1
  readonly scenario: Scenario
  readonly target: { readonly name: string; readonly url: string; readonly version: string | null }
  readonly machine: { readonly cores: number; readonly cpu: string; readonly node: string; readonly memoryGb: number }
  /** ISO 8601. */
  readonly beganAt: string
  /** When the ramp was over, in seconds on the ticks' clock; what is before it is in no sum below. */
  readonly measuredFrom: number
  readonly measuredSeconds: number
  readonly kinds: readonly KindResult[]
  readonly ticks: readonly Tick[]
  readonly minutes: readonly Minute[]
  readonly database: DatabaseResult | null
  readonly failures: readonly FailureRow[]
  /** Answers that carried another caller's canary. */
  readonly foreignAnswers: number
  /** Of the generators themselves: a late generator measures itself. */
  readonly generators: {
    readonly processes: number
    readonly loopDelayP99Ms: number
    /** Of one core, all generators together, while they were measured. */
    readonly cpuPercent: number
    readonly cpuMicrosPerAnswer: number
  }
}
