import type { FailureRow } from '../results.ts'
import type { Scenario } from '../scenario.ts'
import type { Site } from '../site.ts'
import type { KindParts, TickParts } from './tally.ts'

/** What a generator is told. */
export type Order =
  | { readonly kind: 'prepare'; readonly part: Part }
  /** Milliseconds since 1970: the second 0 of all generators. */
  | { readonly kind: 'begin'; readonly at: number }
  /** No more requests; what is under way is given up. */
  | { readonly kind: 'stop' }

/** One generator's part of the load: every `of`th user, beginning with `index`. */
export interface Part {
  readonly scenario: Scenario
  readonly site: Site
  /** What the control users ask, and where; null: there are none. */
  readonly control: { readonly scenario: Scenario; readonly site: Site } | null
  readonly index: number
  readonly of: number
  /** Part of each canary. */
  readonly run: string
}

/** What a generator says. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'tick'; readonly tick: TickParts }
  | { readonly kind: 'end'; readonly sums: Sums }
  | { readonly kind: 'broken'; readonly why: string }

export interface Sums {
  readonly kinds: readonly KindParts[]
  readonly failures: readonly FailureRow[]
  readonly foreignAnswers: number
  /** Of the generator itself while it was measured; milliseconds. */
  readonly loopDelayP99Ms: number
  readonly cpuMs: number
  readonly elapsedMs: number
  readonly answers: number
  readonly lastTick: number
}
