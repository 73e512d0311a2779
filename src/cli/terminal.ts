import { stripVTControlCharacters } from 'node:util'
import { cut, widthOf } from './text.ts'

/** Where a command writes. Results go to `print`, everything else to `note`. */
export interface Terminal {
  /** Results go to a person: colour and width matter. */
  readonly isTTY: boolean
  /** Of the results, as it is now; somebody may drag the window. */
  readonly columns: number
  readonly rows: number
  /** What is shown can be replaced, on standard output; no dumb terminal. */
  readonly redraws: boolean
  /** The same on standard error, for status lines. */
  readonly moves: boolean
  /** Aborted once nobody reads the results any more, as after `| head`. What is printed then goes nowhere. */
  readonly gone: AbortSignal
  print(line: string): void
  /** Said beside the results; nothing where a program reads. */
  note(line: string): void
  /** Why it failed; always said. */
  complain(line: string): void
  /** Replaces the last status line, cut where the terminal ends but for `end`; nothing where nobody watches. */
  status(line: string, end?: string): void
  /** From now on a program reads: nothing but results and complaints. */
  forPrograms(): void
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
}

interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
  on(event: 'error', heard: (error: Error) => void): unknown
}

export interface TerminalOptions {
  readonly out: Stream
  readonly err: Stream
  /** NO_COLOR is set. */
  readonly plain: boolean
  /** TERM is dumb: it neither knows colour nor moves its cursor. */
  readonly dumb?: boolean
  /** Results could not be written, and not because the reader had enough: a full disk, for instance. */
  readonly failed: (error: Error) => void
}

/** Where no terminal says how wide it is. */
const COLUMNS = 100
/** Less is the mistake of a terminal that does not know its size. */
const LEAST_COLUMNS = 20
const ROWS = 40
const LEAST_ROWS = 2

export function terminal({ out, err, plain, dumb = false, failed }: TerminalOptions): Terminal {
  const gone = new AbortController()
  out.on('error', (error) => {
    if (!gone.signal.aborted && !isClosedPipe(error)) failed(error)
    gone.abort()
  })
  // There is nobody left to tell.
  err.on('error', () => {})
  const redraws = out.isTTY === true && !dumb
  const moves = err.isTTY === true && !dumb
  const painted = (code: number, text: string): string => `\u001B[${code}m${text}\u001B[0m`
  const paint = (code: number) => (text: string) => (redraws && !plain ? painted(code, text) : text)
  let showsStatus = false
  let forPrograms = false
  const clear = (): void => {
    if (showsStatus) err.write('\r\u001B[K')
    showsStatus = false
  }
  const say = (line: string): void => {
    clear()
    err.write(`${line}\n`)
  }
  return {
    isTTY: out.isTTY === true,
    get columns() {
      return columnsOf(out)
    },
    get rows() {
      return rowsOf(out)
    },
    redraws,
    moves,
    gone: gone.signal,
    print: (line) => {
      clear()
      if (!gone.signal.aborted) out.write(`${line}\n`)
    },
    note: (line) => {
      if (!forPrograms) say(line)
    },
    complain: (line) => say(moves && !plain && !forPrograms ? painted(31, line) : line),
    status: (line, end = '') => {
      if (!moves) return
      clear()
      if (line === '') return
      err.write(cut(line, columnsOf(err) - 1 - widthOf(end)) + end)
      showsStatus = true
    },
    forPrograms: () => (forPrograms = true),
    bold: paint(1),
    dim: paint(2),
    red: paint(31),
    green: paint(32),
    yellow: paint(33),
  }
}

const columnsOf = ({ columns = COLUMNS }: Stream): number => (columns < LEAST_COLUMNS ? COLUMNS : columns)

const rowsOf = ({ rows = ROWS }: Stream): number => (rows < LEAST_ROWS ? ROWS : rows)

const isClosedPipe = (error: Error): boolean => 'code' in error && error.code === 'EPIPE'

/** What a server said, on one line and without anything that a terminal would obey. */
export function plainText(text: unknown): string {
  const said = typeof text === 'string' ? text : text === null || text === undefined ? '' : JSON.stringify(text)
  return printable(said).replaceAll(/\s+/g, ' ').trim()
}

/** Text of several lines without control characters. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return stripVTControlCharacters(text).replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '')
}
