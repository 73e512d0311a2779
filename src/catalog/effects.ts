import type { Effects } from '#/access/effects.ts'
import { together, type ItemKind, type Otherwise } from '#/access/otherwise.ts'
import type { Principal } from '#/access/principal.ts'
import { pace } from '#/lib/pace.ts'
import { Comparison } from './effect-comparison.ts'
import { sideOf } from './effect-side.ts'
import type { Page } from './effect-tally.ts'
import type { Snapshot } from './snapshot.ts'

/** Two states of one snapshot. */
export interface Question {
  /** What is left out is as it is. */
  readonly before?: Otherwise
  readonly after?: Otherwise
  /** When the state before was, in ms since the epoch: what ends by the clock had not ended yet. Left out: now. */
  readonly beforeAt?: number
  readonly kind?: ItemKind
  /** Told is what this principal may know. */
  readonly asking: Principal
  readonly page?: Page
}

const FIRST: Page = { offset: 0, limit: 1_000 }

/**
 * Who gains and who loses the use of which tool: everybody whom it concerns is asked about, before and after, by the function that
 * decides. What is alike for that function is asked about once. In slices, which requests pass.
 */
export async function effectsOf(snapshot: Snapshot, question: Question): Promise<Effects> {
  const { before = {}, after = {}, kind = 'tool', asking, page = FIRST } = question
  const now = Date.now()
  const span = { from: question.beforeAt ?? now, to: now }
  const compared = {
    snapshot,
    before: sideOf(snapshot, before, span.from),
    after: sideOf(snapshot, after, span.to),
    other: together([before, after]),
    kind,
    asking,
    slice: pace(),
  }
  return await new Comparison(compared, page).run([before, after], span)
}
