import type { Results, Tick } from './results.ts'
import type { Scenario } from './scenario.ts'
import type { Site } from './site.ts'
import type { DatabaseWatch, ProcessWatch } from './watch.ts'

/** One run of a scenario against a site that is ready. */
export interface Run {
  readonly scenario: Scenario
  readonly site: Site
  /** Where the control users call, through a bare relay; null: there are none. */
  readonly relay: Site | null
  /** Processes that make the load; null: one for each 2,000 users. */
  readonly processes: number | null
  readonly database: DatabaseWatch | null
  readonly gateway: ProcessWatch | null
  /** Heard once a second. */
  readonly progress: (tick: Tick) => void
  /** Ends the run early; what has been measured until then is the result. */
  readonly stop: AbortSignal
}

/** Drives the users and gathers what they, the database and the gateway show. */
export type Conduct = (run: Run) => Promise<Results>
