import type { Terminal } from './terminal.ts'
import { cut, padded, widthOf, wrapped } from './text.ts'

const GAP = 2
/** What a column keeps when others need room, unless it needs less; the last one is text that is to be read. */
const LEGIBLE = 8
const READABLE = 20

/**
 * Lines of a table with aligned columns. On a terminal the widest columns give way until a line fits; where that would leave nothing
 * to read, each row becomes lines of its own.
 */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[], out: Terminal): string[] {
  const needed = head.map((title, column) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[column] ?? ''))))
  const widths = out.isTTY ? fitting(needed, out.columns - GAP * (head.length - 1)) : needed
  if (widths === null) return stacked(head, rows, out)
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => padded(cut(cell, widths[column] ?? 0), widths[column] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd()
  return [out.dim(line(head)), ...rows.map(line)]
}

/** Takes from the widest column, of equals from the last, until all fit into `room`; null where they cannot. */
function fitting(needed: readonly number[], room: number): readonly number[] | null {
  const widths = [...needed]
  const last = widths.length - 1
  const least = Math.min(READABLE, needed[last] ?? 0)
  let excess = widths.reduce((sum, width) => sum + width, 0) - room
  while (excess > 0) {
    const widest = Math.max(...widths)
    if (widest <= LEGIBLE) return null
    const column = widths.lastIndexOf(widest)
    const second = Math.max(LEGIBLE, ...widths.filter((_, at) => at !== column))
    const taken = Math.min(excess, Math.max(1, widest - second))
    widths[column] = widest - taken
    excess -= taken
  }
  if ((widths[last] ?? 0) < least) return null
  return widths
}

function stacked(head: readonly string[], rows: readonly (readonly string[])[], out: Terminal): string[] {
  const indent = Math.max(...head.slice(1).map(widthOf)) + 2 * GAP
  const room = Math.max(LEGIBLE, out.columns - indent)
  return rows.flatMap(([first = '', ...rest]) => [
    out.bold(first),
    ...rest.flatMap((cell, column) =>
      wrapped(cell, room).flatMap((line, at) => {
        const title = padded(`${' '.repeat(GAP)}${at === 0 ? (head[column + 1] ?? '') : ''}`, indent)
        return cell === '' ? [] : [out.dim(title) + line]
      }),
    ),
  ])
}
