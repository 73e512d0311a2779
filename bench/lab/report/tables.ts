import { markup, type Markup, type Part } from './markup.ts'

/** A column: its name, and whether figures stand in it. */
export interface Column {
  readonly name: string
  readonly form?: 'number' | 'wide'
}

export interface Cell {
  readonly text: Part
  readonly isBad?: boolean
}

const CLASSES = { number: 'n', wide: 'wide' } as const

function cell(value: Part | Cell, column: Column | undefined): Markup {
  const { text, isBad = false } = isCell(value) ? value : { text: value }
  const names = [...(column?.form ? [CLASSES[column.form]] : []), ...(isBad ? ['bad'] : [])]
  return markup`<td${names.length > 0 ? markup` class="${names.join(' ')}"` : null}>${text}</td>`
}

const isCell = (value: Part | Cell): value is Cell => typeof value === 'object' && value !== null && 'text' in value

const heading = ({ name, form }: Column): Markup =>
  markup`<th${form === undefined ? null : markup` class="${CLASSES[form]}"`}>${name}</th>`

export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly (Part | Cell)[])[]
  /** A line above the columns' names. */
  readonly above?: Markup
}

export const table = ({ columns, rows, above }: Table): Markup =>
  markup`<div class="scroll"><table><thead>${above ?? null}<tr>${columns.map(heading)}</tr></thead><tbody>
${rows.map((row) => markup`<tr>${row.map((each, index) => cell(each, columns[index]))}</tr>\n`)}</tbody></table></div>`
