import { parse, stringify, TomlError } from 'smol-toml'
import type { Change, Values } from './config-text.ts'
import { FileFault } from './file-fault.ts'

export function readToml(text: string, path: string): Values {
  try {
    return parse(text, { integersAsBigInt: 'asNeeded' })
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const [why = 'the TOML cannot be read'] = error.message.split('\n')
    throw new FileFault(path, why, error)
  }
}

/** The tables of the member are taken out, and its new ones stand where they were or at the end. */
export function editToml(text: string, { path, value }: Change): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = text.split(/(?<=\n)/)
  const kept: string[] = []
  let at: number | undefined
  for (const { keys, from, to } of tablesOf(lines)) {
    const isIt = path.every((key, depth) => keys[depth] === key)
    if (isIt) at ??= kept.length
    else kept.push(...lines.slice(from, to))
  }
  if (value === undefined) return tidy(kept.join(''))
  const block = stringify({ [path[0]]: { [path[1]]: value } })
    .replace(/^\[[^\]\n]*\]\n(?=\[)/, '')
    .trim()
  const before = kept.slice(0, at).join('').trimEnd()
  const after = kept.slice(at ?? kept.length).join('')
  const parts = [before, block.replaceAll('\n', eol), after.trim()].filter((part) => part !== '')
  return parts.join(eol + eol) + eol
}

const tidy = (text: string): string => (text.trim() === '' ? '' : `${text.trimEnd()}\n`)

interface Table {
  /** Of its header; none for what stands before the first. */
  readonly keys: readonly string[]
  readonly from: number
  readonly to: number
}

/** The tables of a file by the lines that they take. Comments right above a header go with it. */
function tablesOf(lines: readonly string[]): readonly Table[] {
  const tables: Table[] = []
  let open: { keys: readonly string[]; from: number } = { keys: [], from: 0 }
  const scan = new LineScan()
  for (const [at, line] of lines.entries()) {
    const isWhole = scan.atStart
    scan.push(line)
    const keys = isWhole ? headerKeys(line) : undefined
    if (keys === undefined) continue
    const from = withComments(lines, at, open.from)
    tables.push({ ...open, to: from })
    open = { keys, from }
  }
  return [...tables, { ...open, to: lines.length }]
}

function withComments(lines: readonly string[], header: number, floor: number): number {
  let at = header
  while (at > floor && lines[at - 1]?.trimStart().startsWith('#') === true) at--
  return at
}

function headerKeys(line: string): readonly string[] | undefined {
  if (!line.trimStart().startsWith('[')) return undefined
  try {
    const keys: string[] = []
    let value: unknown = parse(line)
    for (;;) {
      if (Array.isArray(value)) value = value[0]
      const [key] = Object.keys(value as object)
      if (key === undefined) return keys
      keys.push(key)
      value = (value as Values)[key]
    }
  } catch {
    return undefined
  }
}

const OPENINGS = ['"""', "'''", '"', "'"] as const

/** Whether a line begins within a string or array that an earlier one opened. */
class LineScan {
  #string: (typeof OPENINGS)[number] | undefined
  #depth = 0

  get atStart(): boolean {
    return this.#string === undefined && this.#depth === 0
  }

  push(line: string): void {
    for (let i = 0; i < line.length;) {
      if (this.#string !== undefined) i = this.#inString(line, i)
      else if (line[i] === '#') break
      else i = this.#outside(line, i)
    }
    // Only the long forms go on in the next line.
    if (this.#string?.length === 1) this.#string = undefined
  }

  #inString(line: string, i: number): number {
    const end = this.#string ?? ''
    if (end.startsWith('"') && line[i] === '\\') return i + 2
    if (!line.startsWith(end, i)) return i + 1
    this.#string = undefined
    return i + end.length
  }

  #outside(line: string, i: number): number {
    this.#string = OPENINGS.find((opening) => line.startsWith(opening, i))
    if (this.#string !== undefined) return i + this.#string.length
    if (line[i] === '[' || line[i] === '{') this.#depth++
    if (line[i] === ']' || line[i] === '}') this.#depth--
    return i + 1
  }
}
