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
  readonly #onTheWay = new Map<number, Socket>()
  #lastConnection = 0

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
      const untaken = [...this.#onTheWay.values()]
      this.#onTheWay.clear()
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
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  /** Hands over a connection; kept open here until the worker says that it has it. */
  give(socket: Socket): void {
    const n = ++this.#lastConnection
    this.#onTheWay.set(n, socket)
    this.#child.send({ kind: 'connection', n } satisfies ToWorker, socket, { keepOpen: true }, () => {})
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #taken(n: number): void {
    this.#onTheWay.get(n)?.destroy()
    this.#onTheWay.delete(n)
  }
}
