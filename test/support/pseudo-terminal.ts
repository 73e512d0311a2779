import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { pathOf } from './needs.ts'

const LAUNCHER = join(import.meta.dirname, '../../bin/causeway.js')

/** A command of the product on a terminal of its own, with somebody who types. */
export interface PseudoTerminal extends AsyncDisposable {
  /** Everything that has appeared, with its control characters. */
  readonly raw: string
  /** The same as a person reads it; what was overwritten is still there. */
  readonly text: string
  type(keys: string): void
  /** Waits until this has appeared. */
  sees(what: RegExp | string): Promise<void>
  /** The exit code, once it has ended. */
  ended(): Promise<number | null>
}

export interface TerminalSettings {
  readonly env?: Readonly<Record<string, string>>
  readonly columns?: number
}

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`

/** Starts `causeway ARGS` under util-linux's script, which brings the terminal. */
export function openTerminal(args: readonly string[], settings: TerminalSettings = {}): PseudoTerminal {
  return openShell([process.execPath, LAUNCHER, ...args].map(quoted).join(' '), settings)
}

/** Starts a line of shell on a terminal. */
export function openShell(line: string, { env = {}, columns = 100 }: TerminalSettings = {}): PseudoTerminal {
  const { PATH } = process.env
  const child = spawn(pathOf('script'), ['-qefc', `stty cols ${columns} rows 30; ${line}`, '/dev/null'], {
    env: { PATH, HOME: '/nonexistent', SHELL: '/bin/bash', TERM: 'xterm', ...env },
  })
  let raw = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (raw += text))
  child.stdin.on('error', () => undefined)
  const exit = once(child, 'exit') as Promise<[number | null]>
  const readable = (): string => stripVTControlCharacters(raw).replaceAll('\r', '')
  return {
    get raw() {
      return raw
    },
    get text() {
      return readable()
    },
    type: (keys) => void child.stdin.write(keys),
    async sees(what) {
      const until = performance.now() + 20_000
      const appeared = (): boolean => (typeof what === 'string' ? readable().includes(what) : what.test(readable()))
      while (!appeared()) {
        if (performance.now() > until) throw new Error(`${String(what)} did not appear in:\n${readable()}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    async ended() {
      const [code] = await exit
      return code
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exit
    },
  }
}
