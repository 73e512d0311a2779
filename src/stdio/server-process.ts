import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { assertNoTransaction } from '#/lib/held-connection.ts'
import type { Command } from './command.ts'
import { StdioFault } from './fault.ts'
import { LineReader } from './line-reader.ts'
import type { LogBook } from './log-book.ts'
import { readInto } from './read-into.ts'
import { StderrReader } from './stderr-reader.ts'
import { Throttle } from './throttle.ts'

export interface ProcessEvents {
  line(line: Buffer): void
  tooLong(head: Buffer, tail: Buffer): void
  /** Once, when it is gone with its whole group; `how` as a phrase: "exit code 1", "killed by SIGSEGV". */
  ended(how: string): void
}

const NEWLINE = Buffer.from('\n')
/** The longest message that a server may send. */
export const MAX_LINE = 16 << 20
/** What may wait for a server that does not read. */
const MAX_UNREAD = 8 << 20
/** From the end of its input: how long it has to end by itself, and until the rest of its group is killed. */
const TERM_AFTER_MS = 500
const KILL_AFTER_MS = 4000
/** What a process wrote before its end is still read, unless one that left its group holds the pipe open. */
const LAST_WORDS_MS = 300
/** Lines that are no answers, in a tenth of a second. */
const MOST_OTHER_LINES = 2000
/** Bytes that are thrown away, in a tenth of a second. */
const MOST_SKIPPED = 4 << 20

/** One process of a stdio server with everything that it started: a group of its own that ends as one. */
export class ServerProcess {
  readonly pid: number | null
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #events: ProcessEvents
  readonly #log: LogBook
  readonly #stdout: Socket
  readonly #stderr: StderrReader
  readonly #throttle: Throttle
  readonly #skipped: Throttle
  readonly #lines: LineReader
  readonly #gone = Promise.withResolvers<void>()
  readonly #timers: NodeJS.Timeout[] = []
  #unsent: Buffer[] = []
  #unsentBytes = 0
  #state: 'running' | 'stopping' | 'ended' = 'running'

  constructor(command: Command, events: ProcessEvents, log: LogBook) {
    this.#events = events
    this.#log = log
    this.#child = start(command)
    const { stdin, stderr, pid } = this.#child
    const stdout = (this.#stdout = readInto(this.#child.stdout as Socket))
    this.pid = pid ?? null
    this.#lines = new LineReader(MAX_LINE, {
      line: (line) => this.#line(line),
      tooLong: (head, tail) => events.tooLong(head, tail),
    })
    this.#throttle = new Throttle(stdout, MOST_OTHER_LINES)
    this.#skipped = new Throttle(stdout, MOST_SKIPPED)
    this.#stderr = new StderrReader(stderr, (text) => log.write('stderr', this.pid, text))
    stdin.on('error', () => {})
    stdout.on('error', () => {})
    stdout.on('data', (chunk: Buffer) => {
      this.#lines.push(chunk)
      if (this.#lines.skipping) this.#skipped.spend(chunk.length)
    })
    this.#child.once('error', (cause) => this.#end(`it could not be started: ${cause.message}`))
    this.#child.once('exit', (code, signal) =>
      this.#exited(signal === null ? `exit code ${code}` : `killed by ${signal}`),
    )
  }

  get running(): boolean {
    return this.#state === 'running'
  }

  /** A message, without its line end. False where it has not read for so long that nothing more is kept for it. */
  write(message: Buffer): boolean {
    if (this.#child.stdin.writableLength + this.#unsentBytes > MAX_UNREAD) return false
    if (this.#unsent.length === 0) setImmediate(this.#send)
    this.#unsent.push(message, NEWLINE)
    this.#unsentBytes += message.length
    return true
  }

  /** What came together from many callers is one write, for which the server wakes once. */
  readonly #send = (): void => {
    const messages = this.#unsent
    this.#unsent = []
    this.#unsentBytes = 0
    if (this.#state !== 'ended') this.#child.stdin.write(Buffer.concat(messages))
  }

  /** A line that nobody asked for: a server that brings too many waits. */
  unasked(): void {
    this.#throttle.spend(1)
  }

  /** Resolves once nothing of its group is left. */
  stop(): Promise<void> {
    if (this.#state !== 'running') return this.#gone.promise
    this.#send()
    this.#state = 'stopping'
    this.#child.stdin.end()
    this.#timers.push(setTimeout(() => this.#signal('SIGTERM'), TERM_AFTER_MS))
    this.#timers.push(setTimeout(() => this.#signal('SIGKILL'), KILL_AFTER_MS))
    return this.#gone.promise
  }

  #line(line: Buffer): void {
    if (this.#state !== 'ended' && line.length > 0) this.#events.line(line)
  }

  #signal(name: NodeJS.Signals): void {
    if (this.pid === null) return
    try {
      process.kill(-this.pid, name)
    } catch {
      // Nobody is left.
    }
  }

  /** What it started ends with it. */
  #exited(how: string): void {
    this.#signal('SIGKILL')
    const end = (): void => this.#end(how)
    this.#child.once('close', end)
    this.#timers.push(setTimeout(end, LAST_WORDS_MS))
  }

  #end(how: string): void {
    if (this.#state === 'ended') return
    const asked = this.#state === 'stopping'
    this.#lines.finish()
    this.#stderr.finish()
    this.#state = 'ended'
    this.#throttle[Symbol.dispose]()
    this.#skipped[Symbol.dispose]()
    this.#stderr[Symbol.dispose]()
    for (const timer of this.#timers) clearTimeout(timer)
    for (const stream of [this.#child.stdin, this.#stdout, this.#child.stderr]) stream.destroy()
    this.#log.write('host', this.pid, asked ? `ended (${how})` : `ended by itself (${how})`)
    this.#events.ended(how)
    this.#gone.resolve()
  }
}

/** Throws where the machine has no room for it; a program that cannot be run is told as its end. */
function start({ file, args, env, cwd }: Command): ChildProcessByStdio<Writable, Readable, Readable> {
  assertNoTransaction('starting a server')
  const child: ChildProcess = spawn(file, [...args], { env, cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  child.on('error', () => {})
  if (!child.stdin || !child.stdout || !child.stderr)
    throw new StdioFault({
      code: 'upstream_busy',
      message: 'the machine cannot start another process now',
      retryAfter: 5,
    })
  return child as ChildProcessByStdio<Writable, Readable, Readable>
}
