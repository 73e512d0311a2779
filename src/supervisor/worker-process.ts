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
  /** Processes of this kind that run already. */
  readonly early?: { take(): ChildProcess | undefined }
}

/** What a worker has not confirmed for so long may have been lost on the way. */
const AGAIN_MS = 1_000
/** A worker that has left a connection lying for so long gets no more until it takes it. */
const STUCK_MS = 3_000
/** Far more than come in a rush. Each that waits is one of the files that this process may have open. */
const MAX_UNTAKEN = 8_192

/** Loads the program and waits for its start message. */
export function forkWorker(entry: WorkerEntry): ChildProcess {
  assertNoTransaction('starting a worker')
  const child = fork(entry.module, [...entry.args], {
    serialization: 'advanced',
    execArgv: [...process.execArgv, ...(entry.nodeArgs ?? [])],
    env: entry.env,
  })
  return child.on('error', () => {})
}

/** What happened to a worker, as its fleet hears it. */
export interface WorkerEvents {
  said(worker: WorkerProcess, message: FromWorker): void
  /** Once, whatever the reason. */
  ended(worker: WorkerProcess, how: string): void
  /** Connections that it was given and will never take. */
  returned(sockets: readonly Socket[]): void
  /** It has taken a connection after it was not free. */
  takesAgain(): void
}

/** One worker process and what is on its way to it. */
export class WorkerProcess {
  readonly index: number
  readonly startedAt = performance.now()
  state: 'starting' | 'ready' | 'draining' = 'starting'
  /** Why it could not start, where it said so. */
  failure: string | undefined
  readonly #child: ChildProcess
  readonly #events: WorkerEvents
  /** Connections for it, the first of which is on its way. */
  readonly #untaken: Socket[] = []
  /** The number of that one. */
  #n = 0
  #firstAt = 0
  #again: NodeJS.Timeout | undefined
  #lastWord: ToWorker | undefined
  #toldLast = false

  constructor(index: number, entry: WorkerEntry, events: WorkerEvents) {
    this.index = index
    this.#events = events
    this.#child = entry.early?.take() ?? forkWorker(entry)
    this.#child.on('message', (message) => this.#heard(message as FromWorker))
    this.#child.once('disconnect', () => {
      this.state = 'draining'
    })
    this.#child.once('exit', (code, signal) => {
      clearTimeout(this.#again)
      events.ended(this, signal ?? `exit code ${code ?? 0}`)
      this.#return(0)
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** False while it takes nothing, stopped or without an end to what it does: what it was given would wait for nobody. */
  get isFree(): boolean {
    const { length } = this.#untaken
    return length === 0 || (length < MAX_UNTAKEN && performance.now() - this.#firstAt < STUCK_MS)
  }

  /** A worker that is just dying hears nothing; its end is told by `ended`. */
  send(message: ToWorker): void {
    if (message.kind !== 'drain') return this.#say(message)
    // After it no connection follows. One that cannot be taken does not keep it back for long.
    this.#lastWord = message
    if (this.#untaken.length === 0 || this.#toldLast) this.#sayLast()
    else setTimeout(() => this.#sayLast(), AGAIN_MS).unref()
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

  #say(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  /** The first connection stays: whether the worker has it is known when it answers. */
  #sayLast(): void {
    if (this.#lastWord === undefined) return
    this.#toldLast = true
    this.#return(1)
    this.#say(this.#lastWord)
    this.#lastWord = undefined
  }

  #heard(message: FromWorker): void {
    if (message.kind === 'taken') return this.#taken(message.n)
    if (message.kind === 'draining') {
      this.state = 'draining'
      this.#return(message.told ? 0 : 1)
    }
    this.#events.said(this, message)
  }

  #return(from: number): void {
    const sockets = this.#untaken.splice(from)
    if (sockets.length > 0) this.#events.returned(sockets)
  }

  #giveFirst(): void {
    this.#n++
    this.#firstAt = performance.now()
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
    if (this.#untaken.length === 0 || this.#toldLast) return
    this.#sendFirst()
    this.#again?.refresh()
  }

  #taken(n: number): void {
    // Said of each copy of a connection that was sent again.
    if (n !== this.#n) return
    const wasFree = this.isFree
    this.#untaken.shift()?.destroy()
    if (this.#untaken.length > 0) this.#giveFirst()
    else this.#sayLast()
    if (!wasFree) this.#events.takesAgain()
  }
}
