import { place, stretches } from './line.ts'
import { markup, type Markup } from './markup.ts'

export interface Slice {
  readonly x: number
  /** null: unknown, so the area has a gap here. */
  readonly from: number | null
  readonly to: number | null
}

export function areaPath(slices: readonly Slice[]): string {
  return stretches(slices, ({ from, to }) => from !== null && to !== null)
    .map((run) => {
      const there = run.map(({ x, to }) => `${place(x)} ${place(to ?? 0)}`)
      const back = run.toReversed().map(({ x, from }) => `${place(x)} ${place(from ?? 0)}`)
      return `M${[...there, ...back].join('L')}Z`
    })
    .join('')
}

export interface AreaColour {
  readonly name: string
  readonly light: string
  readonly opacity: number
}

export function area(slices: readonly Slice[], { name, light, opacity }: AreaColour): Markup {
  const path = areaPath(slices)
  if (path === '') return markup``
  return markup`<path class="area ${name}" d="${path}" fill="${light}" fill-opacity="${opacity}"/>`
}

type Values = readonly (number | null)[]
/** In figures. null: unknown. */
export type Level = { readonly from: number; readonly to: number } | null

/** Layers on each other, and above them what they leave of the total. */
export function stacked(layers: readonly Values[], total: Values): Level[][] {
  const tops = total.map(() => 0)
  const lay = (values: Values): Level[] =>
    values.map((value, index) => {
      if (value === null) return null
      const from = tops[index] ?? 0
      tops[index] = from + value
      return { from, to: from + value }
    })
  const laid = layers.map(lay)
  const rest = total.map((all, index) => all && Math.max(all - (tops[index] ?? 0), 0))
  return [...laid, lay(rest)]
}
