import type { Socket } from 'node:net'
import { GatewayError } from '#/errors/gateway-error.ts'
import { backoff } from '#/lib/backoff.ts'
import type { SupervisorLog } from './link.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { WorkerProcess, type WorkerEntry } from './worker-process.ts'

const RESTART = { firstMs: 100, maxMs: 30_000, jitter: 0 }
/** A worker that lived this long was no failure to start. */
const STABLE_MS = 30_000
const START_LIMIT_MS = 60_000
const KILL_AFTER_MS = 3000
/** Without any worker ever ready, so many failures of one place mean that none will be. */
const HOPELESS = 3

export interface FleetOptions {
  readonly entry: WorkerEntry
  readonly workers: number
  readonly log: SupervisorLog
  /** The start message for one place. */
  readonly first: (index: number) => ToWorker
  readonly becameReady: (worker: WorkerProcess) => void
  readonly said: (worker: WorkerProcess, message: FromWorker) => void
  readonly ended: (worker: WorkerProcess) => void
  readonly returned: (sockets: readonly Socket[]) => void
  readonly takesAgain: () => void
}

interface Place {
  readonly index: number
  worker: WorkerProcess | undefined
  failures: number
  timer: NodeJS.Timeout | undefined
}

/** N places, each with a worker; one that ends is replaced, sooner the less often that happened. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #places: readonly Place[]
  readonly #firstReady = Promise.withResolvers<void>()
  readonly #allEnded = Promise.withResolvers<void>()
  #everReady = false
  #draining = false

  constructor(options: FleetOptions) {
    this.#options = options
    this.#places = Array.from({ length: options.workers }, (_, index) => ({
      index,
      worker: undefined,
      failures: 0,
      timer: undefined,
    }))
    this.#firstReady.promise.catch(() => {})
    for (const place of this.#places) this.#fork(place)
  }

  /** Resolves with the first worker that is ready; rejects when none will ever be. */
  get firstReady(): Promise<void> {
    return this.#firstReady.promise
  }

  running(): readonly WorkerProcess[] {
    return this.#places.flatMap(({ worker }) => (worker === undefined ? [] : [worker]))
  }

  ready(): readonly WorkerProcess[] {
    return this.running().filter((worker) => worker.state === 'ready')
  }

  tell(message: ToWorker, except?: WorkerProcess): void {
    for (const worker of this.running()) if (worker !== except) worker.send(message)
  }

  /** No worker is replaced any more. */
  hold(): void {
    this.#draining = true
    for (const place of this.#places) clearTimeout(place.timer)
    this.#checkEnd()
  }

  /** Ends all workers: within `ms` by themselves, or at `hurry`; what does not end then is killed. */
  async drain(ms: number, hurry: AbortSignal): Promise<void> {
    this.hold()
    this.tell({ kind: 'drain', ms })
    const kill = (): void => this.running().forEach((worker) => worker.kill())
    let timer = setTimeout(kill, ms + KILL_AFTER_MS)
    const hasten = (): void => {
      clearTimeout(timer)
      this.tell({ kind: 'drain', ms: 0 })
      timer = setTimeout(kill, KILL_AFTER_MS)
    }
    if (hurry.aborted) hasten()
    else hurry.addEventListener('abort', hasten, { once: true })
    await this.#allEnded.promise
    clearTimeout(timer)
    hurry.removeEventListener('abort', hasten)
  }

  #fork(place: Place): void {
    const { entry, returned, takesAgain } = this.#options
    const worker = new WorkerProcess(place.index, entry, {
      said: (from, message) => this.#said(place, from, message),
      ended: (from, how) => this.#ended(place, from, how),
      returned,
      takesAgain,
    })
    place.worker = worker
    place.timer = setTimeout(() => worker.kill(), START_LIMIT_MS)
    worker.send(this.#options.first(place.index))
  }

  #said(place: Place, worker: WorkerProcess, message: FromWorker): void {
    if (message.kind === 'failed') worker.failure = message.why
    if (message.kind === 'ready' && worker.state === 'starting') {
      clearTimeout(place.timer)
      worker.state = 'ready'
      this.#everReady = true
      // Of a start that goes well its first screen says enough; that one was replaced is news.
      const level = place.failures === 0 ? 'debug' : 'info'
      this.#options.log[level]({ event: 'worker.ready', place: place.index, pid: worker.pid }, 'worker ready')
      this.#options.becameReady(worker)
      this.#firstReady.resolve()
    }
    this.#options.said(worker, message)
  }

  #ended(place: Place, worker: WorkerProcess, how: string): void {
    clearTimeout(place.timer)
    place.worker = undefined
    this.#options.ended(worker)
    if (this.#draining) return this.#checkEnd()
    const lived = performance.now() - worker.startedAt
    place.failures = lived > STABLE_MS ? 1 : place.failures + 1
    const why = worker.failure ?? how
    if (!this.#everReady && place.failures >= HOPELESS) {
      return this.#firstReady.reject(new GatewayError('unavailable', `the workers cannot start: ${why}`))
    }
    // The first that ends is replaced at once; who goes on ending waits.
    const inMs = place.failures === 1 ? 0 : backoff(place.failures - 1, RESTART)
    this.#options.log.error(
      { event: 'worker.ended', place: place.index, pid: worker.pid, why, failures: place.failures, restartInMs: inMs },
      place.failures < 5
        ? 'a worker ended unexpectedly'
        : 'a worker keeps ending: the cause is in the lines before this one',
    )
    place.timer = setTimeout(() => this.#fork(place), inMs)
  }

  #checkEnd(): void {
    if (this.running().length === 0) this.#allEnded.resolve()
  }
}
