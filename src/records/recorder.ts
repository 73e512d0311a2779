import { GatewayError } from '#/errors/gateway-error.ts'
import { outsideTransaction } from '#/lib/held-connection.ts'
import { RecordQueue } from './record-queue.ts'
import type { SpillFile } from './spill-file.ts'
import type { RecordBatch, RecordSink, UsageRecord } from './usage-record.ts'

export interface RecorderOptions {
  readonly sink: RecordSink
  /** Where records wait on disk while the database is away. */
  readonly spill: SpillFile
  /** Stable name of this worker; with `epoch`, one life of it. */
  readonly writer: string
  readonly epoch: string
  /** A batch the database will never take; the records are lost. */
  readonly onRefused: (records: number, cause: unknown) => void
  readonly capacity?: number
  readonly batchSize?: number
  readonly everyMs?: number
  /** How long `close` waits for the database before it leaves the rest on disk. */
  readonly closeMs?: number
}

export interface RecorderStats {
  /** In memory. */
  readonly queued: number
  readonly spilledBytes: number
  /** Found the queue full. */
  readonly overflowed: number
}

/**
 * Stores usage records off the path of calls: `record` only pushes. Batches go out in order, one at a time. When the database is
 * away or slow, they go to the spill file instead, and as long as that holds anything, everything passes through it: the
 * database keeps one number per epoch, so a later batch must not overtake an earlier one.
 */
export class Recorder implements AsyncDisposable {
  readonly #options: Required<RecorderOptions>
  readonly #queue: RecordQueue
  readonly #timer: NodeJS.Timeout
  readonly #closing = Promise.withResolvers<void>()
  /** Sent to the database from memory, not acknowledged. */
  #inFlight: { readonly batch: RecordBatch; readonly since: number; spilled: boolean } | null = null
  #pumping: Promise<void> | null = null
  #closed = false
  #stopped = false

  constructor(options: RecorderOptions) {
    this.#options = { capacity: 10_000, batchSize: 500, everyMs: 250, closeMs: 3_000, ...options }
    this.#queue = new RecordQueue(this.#options)
    this.#timer = setInterval(() => this.#tick(), this.#options.everyMs)
    this.#timer.unref()
  }

  get stats(): RecorderStats {
    return { queued: this.#queue.length, spilledBytes: this.#options.spill.bytes, overflowed: this.#queue.lost }
  }

  /** The record's number; null: it is lost. */
  record(record: UsageRecord): number | null {
    const n = this.#queue.push(record)
    if (this.#queue.length < this.#options.batchSize) return n
    if (this.#pumping === null) this.#pump()
    else if (this.#queue.length >= this.#options.capacity / 2) this.#relieve()
    return n
  }

  /** Stores what there is; where the database does not answer in time, on disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    this.#pump()
    const { promise: late, resolve: stopWaiting } = Promise.withResolvers<void>()
    const timer = setTimeout(stopWaiting, this.#options.closeMs)
    await Promise.race([this.#pumping, late])
    clearTimeout(timer)
    this.#stopped = true
    this.#closing.resolve()
    this.#relieve()
    await this.#options.spill[Symbol.asyncDispose]()
  }

  #tick(): void {
    const slow = this.#inFlight !== null && performance.now() - this.#inFlight.since > 2 * this.#options.everyMs
    if (slow || this.#options.spill.pending) this.#relieve()
    this.#pump()
  }

  /** Puts everything in memory behind what is on disk. */
  #relieve(): void {
    const { spill, batchSize } = this.#options
    if (this.#inFlight !== null && !this.#inFlight.spilled) {
      this.#inFlight.spilled = true
      void spill.append(this.#inFlight.batch)
    }
    for (let batch = this.#queue.take(batchSize); batch !== null; batch = this.#queue.take(batchSize))
      void spill.append(batch)
  }

  #pump(): void {
    if (this.#pumping !== null || (this.#queue.length === 0 && !this.#options.spill.pending)) return
    // A call may end inside whatever context its caller has; storing its record belongs to none.
    this.#pumping = outsideTransaction(() => this.#drain()).finally(() => {
      this.#pumping = null
    })
  }

  async #drain(): Promise<void> {
    for (let failures = 0; !this.#stopped && (failures === 0 || !this.#closed);) {
      const stored = this.#options.spill.pending ? await this.#storeSpilled() : await this.#storeQueued()
      if (stored === 'nothing' || (stored === 'stored' && this.#mayGrow())) return
      failures = stored === 'stored' ? 0 : failures + 1
      if (failures > 0) await this.#pause(Math.min(1_000, this.#options.everyMs * 2 ** (failures - 1)))
    }
  }

  /** A statement costs much the same for one record as for hundreds: what has gathered meanwhile waits for the next tick. */
  #mayGrow(): boolean {
    return !this.#closed && !this.#options.spill.pending && this.#queue.length < this.#options.batchSize
  }

  async #storeQueued(): Promise<'stored' | 'failed' | 'nothing'> {
    const batch = this.#queue.take(this.#options.batchSize)
    if (batch === null) return 'nothing'
    const own = { batch, since: performance.now(), spilled: false }
    this.#inFlight = own
    const stored = await this.#store(batch)
    this.#inFlight = null
    if (stored) return 'stored'
    if (!own.spilled) void this.#options.spill.append(batch)
    return 'failed'
  }

  async #storeSpilled(): Promise<'stored' | 'failed' | 'nothing'> {
    const batch = await this.#options.spill.first()
    if (batch === null) return this.#queue.length > 0 ? 'stored' : 'nothing'
    if (!(await this.#store(batch))) return 'failed'
    await this.#options.spill.takeOff()
    return 'stored'
  }

  /** False: try again later. A record that the database refuses for good is found by halving, and given up. */
  async #store(batch: RecordBatch): Promise<boolean> {
    try {
      await this.#options.sink.append(batch)
      return true
    } catch (cause) {
      if (GatewayError.from(cause).code === 'unavailable') return false
      const half = batch.records.length >> 1
      if (half === 0) {
        this.#options.onRefused(batch.records.length, cause)
        return true
      }
      const first = { ...batch, records: batch.records.slice(0, half) }
      const second = { ...batch, firstN: batch.firstN + half, records: batch.records.slice(half) }
      return (await this.#store(first)) && (await this.#store(second))
    }
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    await Promise.race([promise, this.#closing.promise])
    clearTimeout(timer)
  }
}
