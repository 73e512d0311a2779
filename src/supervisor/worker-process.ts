import { fork, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { assertNoTransaction } from '#/lib/held-connection.ts'
import type { FromWorker, ToWorker } from './messages.ts'

/** What to run as a worker: a module that calls `runWorker`. */
export interface WorkerEntry {
  readonly module: string
  readonly args: readonly string[]
  /** For Node itself. */
  readonly nodeArgs?: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

/** What a worker has not confirmed for so long may have been lost on the way. */
const AGAIN_MS = 1_000

/** What happened to a worker, as its fleet hears it. */
export interface WorkerEvents {
  said(worker: WorkerProcess, message: FromWorker): void
  /** Once, whatever the reason. Sockets that it never took are given back. */
  ended(worker: WorkerProcess, how: string, untaken: readonly Socket[]): void
}

/** One worker process and what is on its way to it. */
export class WorkerProcess {
  readonly index: number
  readonly startedAt = performance.now()
  state: 'starting' | 'ready' | 'draining' = 'starting'
  /** Why it could not start, where it said so. */
  failure: string | undefined
  readonly #child: ChildProcess
  /** Connections for it, the first of which is on its way. */
  #untaken: Socket[] = []
  /** The number of that one. */
  #n = 0
  #again: NodeJS.Timeout | undefined
  #lastWord: ToWorker | undefined

  constructor(index: number, entry: WorkerEntry, events: WorkerEvents) {
    assertNoTransaction('starting a worker')
    this.index = index
    this.#child = fork(entry.module, [...entry.args], {
      serialization: 'advanced',
      execArgv: [...process.execArgv, ...(entry.nodeArgs ?? [])],
      env: entry.env,
    })
    this.#child.on('message', (message) => {
      const said = message as FromWorker
      if (said.kind === 'taken') this.#taken(said.n)
      else events.said(this, said)
    })
    this.#child.on('error', () => {})
    this.#child.once('disconnect', () => {
      this.state = 'draining'
    })
    this.#child.once('exit', (code, signal) => {
      const untaken = this.#untaken
      this.#untaken = []
      clearTimeout(this.#again)
      events.ended(this, signal ?? `exit code ${code ?? 0}`, untaken)
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** A worker that is just dying hears nothing; its end is told by `ended`. */
  send(message: ToWorker): void {
    // After it no connection follows.
    if (message.kind === 'drain' && this.#untaken.length > 0) this.#lastWord = message
    else if (this.#child.connected) this.#child.send(message, () => {})
  }

  /**
   * Hands over a connection; kept open here until the worker says that it has it. One is on its way at a time, as node has it anyway:
   * those that come meanwhile wait here and not in node's queue, where whatever else is said would wait behind all of them, and which
   * is gone through from its beginning for each.
   */
  give(socket: Socket): void {
    if (this.#untaken.push(socket) === 1) this.#giveFirst()
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #giveFirst(): void {
    this.#n++
    this.#sendFirst()
    this.#again ??= setTimeout(() => this.#sendAgain(), AGAIN_MS).unref()
    this.#again.refresh()
  }

  #sendFirst(): void {
    const [socket] = this.#untaken
    if (socket === undefined || !this.#child.connected) return
    this.#child.send({ kind: 'connection', n: this.#n } satisfies ToWorker, socket, { keepOpen: true }, () => {})
  }

  /** A process that may open no more files loses what it is given without a word. */
  #sendAgain(): void {
    if (this.#untaken.length === 0) return
    this.#sendFirst()
    this.#again?.refresh()
  }

  #taken(n: number): void {
    // Said of each copy of a connection that was sent again.
    if (n !== this.#n) return
    this.#untaken.shift()?.destroy()
    if (this.#untaken.length > 0) return this.#giveFirst()
    const last = this.#lastWord
    this.#lastWord = undefined
    if (last !== undefined) this.send(last)
  }
}
