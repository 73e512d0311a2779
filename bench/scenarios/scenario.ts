import type { RunningGateway } from '../../test/support/gateway.ts'
import type { LoadGenerator } from '../load/measure.ts'
import type { BenchPostgres } from '../postgres.ts'
import type { Row } from '../table.ts'

export interface BenchOptions {
  readonly rounds: number
  readonly windowMs: number
  /** Of the doors of the pool, those whose names contain one of these; none: all. */
  readonly doors: readonly string[]
}

/** What scenarios share: a gateway with one worker on a PostgreSQL of the bench's own, an upstream and a load generator. */
export interface Bench extends BenchOptions {
  readonly gateway: RunningGateway
  readonly postgres: BenchPostgres
  readonly load: LoadGenerator
  /** The origin of the upstream program; `/legacy/NAME` and `/modern/NAME` are its servers. */
  readonly upstream: string
  readonly say: (text: string) => void
}

export type Scenario = (bench: Bench) => Promise<Row[]>

export const ERAS = ['legacy', 'modern'] as const
export type Era = (typeof ERAS)[number]
