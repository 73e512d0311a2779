import { judge, type Bound } from '../table.ts'
import type { Finding } from './fault.ts'

/** A busy machine makes things this much later, not more. */
const FAR = 2

const counted = (row: Omit<Finding, 'weight' | 'byFar' | 'met'>, isSo: boolean): Finding => ({
  ...row,
  weight: 'count',
  met: isSo ? 'goal' : 'missed',
  byFar: !isSo,
})

/** Things that must not be there; the first of them is shown. */
export function none(figure: string, found: readonly string[], outOf?: number): Finding {
  const share = outOf === undefined ? '' : ` of ${outOf}`
  const first = found.length === 0 ? '' : `: ${found[0]?.slice(0, 160)}`
  return counted({ figure, must: '0', goal: '0', measured: `${found.length}${share}${first}` }, found.length === 0)
}

/** So many at least: without them nothing has been shown. */
export function least(figure: string, must: number, found: number): Finding {
  return counted({ figure, must: `≥ ${must}`, goal: `≥ ${must}`, measured: String(found) }, found >= must)
}

/** Exactly this. */
export function exactly(figure: string, must: string | number, found: string | number): Finding {
  const wanted = String(must)
  return counted({ figure, must: wanted, goal: wanted, measured: String(found) }, wanted === String(found))
}

/** Words that say so; `must` is how the table shows what is wanted. */
export function says(figure: string, { must, form }: { must: string; form: RegExp }, found: string): Finding {
  return counted({ figure, must, goal: must, measured: found.slice(0, 160) }, form.test(found))
}

/** A number with a bound, such as a ratio, that no busy machine moves. */
export function bounded(bound: Bound, found: number): Finding {
  const row = judge(bound, [found])
  return { ...row, weight: 'count', byFar: row.met === 'missed' }
}

interface TimeBound {
  readonly must: number
  readonly goal?: number
  /** How many times later a busy machine may make it, where the load is all that it can take. */
  readonly far?: number
}

/** How long something took, in ms. */
export function within(figure: string, { must, goal = must, far = FAR }: TimeBound, ms: number): Finding {
  const row = judge({ figure, must, goal, unit: ' ms', digits: 0 }, [ms])
  return { ...row, weight: 'time', byFar: ms > far * must || Number.isNaN(ms) }
}

/** The figure of the one finding of a fault that cannot be brought about here. */
export const NOT_TRIED = 'not tried'

/** Nothing is required of it. */
export function noted(figure: string, measured: string): Finding {
  return { figure, must: '', goal: '', measured, met: undefined, weight: 'note', byFar: false }
}

export function missed(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ met }) => met === 'missed')
}

/** What no busy machine explains: a time that was missed by a little may be its doing. */
export function unexplained(findings: readonly Finding[]): readonly Finding[] {
  return missed(findings).filter(({ weight, byFar }) => weight === 'count' || byFar)
}

/** A ratio of two times. On a busy machine one of them may meet a neighbour that the other did not: far is another matter. */
export function ratio(figure: string, must: number, found: number): Finding {
  const row = judge({ figure, must, goal: must, unit: '', digits: 2 }, [found])
  return { ...row, weight: 'time', byFar: found > FAR_RATIO * must || Number.isNaN(found) }
}

/** What holds up a whole worker is a hundred times later; a neighbour on the machine, a few times. */
const FAR_RATIO = 10
