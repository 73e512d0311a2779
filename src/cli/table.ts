import type { Terminal } from './terminal.ts'

/** Lines of a table with aligned columns; the last one is cut where the terminal ends. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[], out: Terminal): string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string => {
    const text = cells.map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
    return cut(text.join('  '), out)
  }
  return [out.dim(line(head)), ...rows.map(line)]
}

function cut(text: string, { isTTY, columns }: Terminal): string {
  return isTTY && text.length > columns ? `${text.slice(0, columns - 1)}…` : text
}
