import { stripVTControlCharacters } from 'node:util'

/** Where a command writes. Results go to `print`, everything else to `note`. */
export interface Terminal {
  readonly isTTY: boolean
  readonly columns: number
  /** Aborted once nobody reads the results any more, as after `| head`. What is printed then goes nowhere. */
  readonly gone: AbortSignal
  print(line: string): void
  note(line: string): void
  /** Replaces the last status line; nothing where nobody watches. */
  status(line: string): void
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
}

interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
  on(event: 'error', heard: (error: Error) => void): unknown
}

export interface TerminalOptions {
  readonly out: Stream
  readonly err: Stream
  /** NO_COLOR is set. */
  readonly plain: boolean
  /** Results could not be written, and not because the reader had enough: a full disk, for instance. */
  readonly failed: (error: Error) => void
}

export function terminal({ out, err, plain, failed }: TerminalOptions): Terminal {
  const gone = new AbortController()
  out.on('error', (error) => {
    if (!gone.signal.aborted && !isClosedPipe(error)) failed(error)
    gone.abort()
  })
  // There is nobody left to tell.
  err.on('error', () => {})
  const paint = (code: number) => (text: string) =>
    out.isTTY === true && !plain ? `\u001B[${code}m${text}\u001B[0m` : text
  let showsStatus = false
  const clear = (): void => {
    if (showsStatus) err.write('\r\u001B[K')
    showsStatus = false
  }
  return {
    isTTY: out.isTTY === true,
    columns: out.columns ?? 100,
    gone: gone.signal,
    print: (line) => {
      clear()
      if (!gone.signal.aborted) out.write(`${line}\n`)
    },
    note: (line) => {
      clear()
      err.write(`${line}\n`)
    },
    status: (line) => {
      if (err.isTTY !== true) return
      clear()
      err.write(line)
      showsStatus = line !== ''
    },
    bold: paint(1),
    dim: paint(2),
    red: paint(31),
    green: paint(32),
  }
}

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
