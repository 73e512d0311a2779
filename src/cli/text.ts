import { stripVTControlCharacters } from 'node:util'

/** How many columns a text takes on a terminal. */
export function widthOf(text: string): number {
  let width = 0
  for (const char of stripVTControlCharacters(text)) width += columnsOf(char)
  return width
}

const NO_WIDTH = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]$/u
const TWO_COLUMNS =
  /^[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]$|^\p{Emoji_Presentation}$/u

function columnsOf(char: string): number {
  if (char < '\u0300') return 1
  if (NO_WIDTH.test(char)) return 0
  return TWO_COLUMNS.test(char) || char > '\u{1FFFF}' ? 2 : 1
}

/** The text, or as much of its beginning as fits, with a sign that there is more. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let used = 0
  for (const char of text) {
    used += columnsOf(char)
    if (used > width - 1) break
    kept += char
  }
  return `${kept}…`
}

export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** Lines of at most `width` columns, broken between words where that is possible. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
