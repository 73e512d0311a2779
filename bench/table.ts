/** One line of the bench's table. */
export interface Row {
  readonly figure: string
  readonly must: string
  readonly goal: string
  readonly measured: string
  /** undefined: printed for information only; title: what the lines below it are about. */
  readonly met: 'goal' | 'must' | 'missed' | 'title' | undefined
  /** What each round measured, for the file. */
  readonly rounds?: readonly number[]
}

export interface Bound {
  readonly figure: string
  readonly must: number
  readonly goal: number
  readonly unit: string
  /** True where more is better. */
  readonly atLeast?: boolean
  readonly digits?: number
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/** The median of the rounds with their spread, judged against the bound. */
export function judge(bound: Bound, rounds: readonly number[]): Row {
  const { figure, must, goal, unit, atLeast = false, digits = 1 } = bound
  const value = median(rounds)
  const meets = (limit: number) => (atLeast ? value >= limit : value <= limit)
  const sign = atLeast ? '≥' : '≤'
  const show = (number: number) => number.toFixed(digits)
  const spread = rounds.length > 1 ? ` (${show(Math.min(...rounds))}–${show(Math.max(...rounds))})` : ''
  return {
    figure,
    must: `${sign} ${must}${unit}`,
    goal: `${sign} ${goal}${unit}`,
    measured: `${show(value)}${unit}${spread}`,
    met: meets(goal) ? 'goal' : meets(must) ? 'must' : 'missed',
    rounds,
  }
}

/** A line that nothing is required of. */
export function note(figure: string, unit: string, rounds: readonly number[], digits = 0): Row {
  const show = (number: number) => number.toFixed(digits)
  const spread = rounds.length > 1 ? ` (${show(Math.min(...rounds))}–${show(Math.max(...rounds))})` : ''
  return { figure, must: '', goal: '', measured: `${show(median(rounds))}${unit}${spread}`, met: undefined, rounds }
}

const MARK = { goal: '✓✓', must: '✓ ', missed: '✗ ', title: '  ' } as const

export function print(rows: readonly Row[], what = 'figure'): void {
  const lines = [
    ['', what, 'must', 'goal', 'measured'],
    ...rows.map((row) => [row.met === undefined ? '· ' : MARK[row.met], row.figure, row.must, row.goal, row.measured]),
  ]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  for (const line of lines) console.log(line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
}
