import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { backoff } from '#/lib/backoff.ts'
import { removeIfApart, socketPath } from './embedded-paths.ts'
import type { SupervisorLog } from './link.ts'
import type { Fact, FromWorker } from './messages.ts'
import { WorkerProcess, type WorkerEntry } from './worker-process.ts'

export interface OnDemandOptions {
  readonly dataDir: string
  /** Of the socket, in the data folder. */
  readonly name: string
  readonly entry: WorkerEntry
  readonly config: unknown
  readonly log: SupervisorLog
}

/** A process of this machine that runs only once somebody connects to its socket. */
export interface OnDemand extends AsyncDisposable {
  readonly path: string
  /** Told only where it runs: what starts later does not need to know. */
  tell(fact: Fact): void
}

const RESTART = { firstMs: 100, maxMs: 10_000, jitter: 0 }
const STABLE_MS = 30_000
const START_LIMIT_MS = 30_000
/** Longer than it takes to end the last of what it runs. */
const STOP_MS = 6000
const MAX_WAITING = 10_000

/** The fact with which the process says that it has begun, or ended, a process group of its own. */
export const GROUPS = 'process-group'

/**
 * Listens in the place of a process that is started with the first connection and anew when it ends. Whoever connects meanwhile
 * waits. What it leaves behind when it dies is killed: it says which process groups are its own.
 */
export async function onDemand(options: OnDemandOptions): Promise<OnDemand> {
  const path = await socketPath(options.dataDir, options.name)
  // The data folder is locked to us, so what lies there is left over.
  await rm(path, { force: true })
  const runner = new Runner(options)
  const server = createServer({ pauseOnConnect: true }, (socket) => runner.give(socket))
  await listen(server, path)
  return {
    path,
    tell: (fact) => runner.tell(fact),
    async [Symbol.asyncDispose]() {
      server.close()
      await runner.stop()
      await rm(path, { force: true })
      await removeIfApart(dirname(path), options.dataDir)
    },
  }
}

/** Only this account may connect: not for a moment is the socket anybody else's. */
async function listen(server: Server, path: string): Promise<void> {
  const before = process.umask(0o177)
  server.listen({ path, backlog: 1024 })
  process.umask(before)
  await once(server, 'listening')
  await chmod(path, 0o600)
  server.unref()
}

class Runner {
  readonly #options: OnDemandOptions
  readonly #waiting = new Set<Socket>()
  readonly #groups = new Set<number>()
  #worker: WorkerProcess | undefined
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #stopped: PromiseWithResolvers<void> | undefined

  constructor(options: OnDemandOptions) {
    this.#options = options
  }

  give(socket: Socket): void {
    socket.on('error', () => {})
    if (this.#stopped !== undefined) return void socket.destroy()
    if (this.#worker?.state === 'ready') return this.#worker.give(socket)
    if (this.#waiting.size >= MAX_WAITING) return void socket.destroy()
    this.#waiting.add(socket)
    socket.once('close', () => this.#waiting.delete(socket))
    if (this.#worker === undefined && this.#timer === undefined) this.#start()
  }

  tell(fact: Fact): void {
    if (this.#worker?.state === 'ready') this.#worker.send({ kind: 'fact', fact })
  }

  async stop(): Promise<void> {
    this.#stopped = Promise.withResolvers<void>()
    clearTimeout(this.#timer)
    for (const socket of this.#waiting) socket.destroy()
    const worker = this.#worker
    if (worker === undefined) return
    worker.send({ kind: 'drain', ms: 0 })
    const kill = setTimeout(() => worker.kill(), STOP_MS)
    await this.#stopped.promise
    clearTimeout(kill)
  }

  #start(): void {
    const { entry, config } = this.#options
    const worker = new WorkerProcess(0, entry, {
      said: (from, message) => this.#said(from, message),
      ended: (from, how) => this.#ended(from, how),
      returned: (sockets) => {
        for (const socket of sockets) this.give(socket)
      },
      takesAgain: () => {},
    })
    this.#worker = worker
    this.#timer = setTimeout(() => worker.kill(), START_LIMIT_MS)
    worker.send({ kind: 'start', config, prepared: null, index: 0, workers: 1, drainMs: 0 })
  }

  #said(worker: WorkerProcess, message: FromWorker): void {
    if (message.kind === 'failed') worker.failure = message.why
    if (message.kind === 'fact' && message.fact.topic === GROUPS) this.#group(message.fact)
    if (message.kind !== 'ready') return
    clearTimeout(this.#timer)
    this.#timer = undefined
    worker.state = 'ready'
    this.#options.log.debug({ event: 'host.ready', name: this.#options.name, pid: worker.pid }, 'host ready')
    for (const socket of this.#waiting) worker.give(socket)
    this.#waiting.clear()
  }

  #group({ key, value }: Fact): void {
    if (value === true) this.#groups.add(Number(key))
    else this.#groups.delete(Number(key))
  }

  #ended(worker: WorkerProcess, how: string): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#worker = undefined
    for (const group of this.#groups) killGroup(group)
    this.#groups.clear()
    if (this.#stopped !== undefined) return this.#stopped.resolve()
    this.#failures = performance.now() - worker.startedAt > STABLE_MS ? 1 : this.#failures + 1
    const inMs = backoff(this.#failures, RESTART)
    const why = worker.failure ?? how
    const { log, name } = this.#options
    log.error({ event: 'host.ended', name, pid: worker.pid, why, failures: this.#failures }, 'a host process ended')
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#waiting.size > 0) this.#start()
    }, inMs)
  }
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // Nobody is left of it.
  }
}
