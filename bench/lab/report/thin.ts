/** What one place on the time axis stands for: the least and the most of the ticks that fall there. */
export interface Column {
  readonly at: number
  readonly low: number | null
  readonly high: number | null
}

/** More would be closer together than a pixel of most screens. */
export const MOST_COLUMNS = 300

/** How many ticks share a place. */
export const perColumn = (ticks: number, most = MOST_COLUMNS): number => Math.max(1, Math.ceil(ticks / most))

/** A peak of one second survives however long the run: each column keeps its extremes, and is drawn by the higher. */
export function thinned(at: readonly number[], values: readonly (number | null)[], most = MOST_COLUMNS): Column[] {
  const size = perColumn(at.length, most)
  return Array.from({ length: Math.ceil(at.length / size) }, (_, index) => {
    const known = values.slice(index * size, (index + 1) * size).filter((value) => value !== null)
    return {
      at: at[index * size] ?? 0,
      low: known.length === 0 ? null : Math.min(...known),
      high: known.length === 0 ? null : Math.max(...known),
    }
  })
}
