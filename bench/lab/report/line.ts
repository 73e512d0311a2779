import { markup, type Markup } from './markup.ts'

export interface Point {
  readonly x: number
  /** null: unknown, so the line has a gap here. */
  readonly y: number | null
}

/** A tenth of a pixel is what one can see. */
export const place = (value: number): string => String(Number(value.toFixed(1)))

/** Runs of neighbours that are known. */
export function stretches<T>(points: readonly T[], isKnown: (point: T) => boolean): T[][] {
  const found: T[][] = []
  let current: T[] = []
  for (const point of points) {
    if (isKnown(point)) current.push(point)
    else if (current.length > 0) {
      found.push(current)
      current = []
    }
  }
  return current.length > 0 ? [...found, current] : found
}

export function linePath(points: readonly Point[]): string {
  return stretches(points, ({ y }) => y !== null)
    .map((run) => {
      const [first, ...rest] = run.map(({ x, y }) => `${place(x)} ${place(y ?? 0)}`)
      // A single second between two gaps is a dot, which a path draws only if it goes somewhere.
      return rest.length === 0 ? `M${first}h.1` : `M${first}L${rest.join(' ')}`
    })
    .join('')
}

/** `colour` is a class of the style sheet; the attribute serves where no style sheet may be used. */
export function line(points: readonly Point[], colour: { readonly name: string; readonly light: string }): Markup {
  const path = linePath(points)
  if (path === '') return markup``
  return markup`<path class="line ${colour.name}" d="${path}" fill="none" stroke="${colour.light}" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"/>`
}
