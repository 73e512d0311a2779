import type { RecordBatch, UsageRecord } from './usage-record.ts'

/** Numbered records that wait to be stored, at most `capacity`. What finds it full is lost, and counted. */
export class RecordQueue {
  readonly #writer: string
  readonly #epoch: string
  readonly #capacity: number
  #records: UsageRecord[] = []
  #firstN = 1
  #lost = 0

  constructor(options: { readonly writer: string; readonly epoch: string; readonly capacity: number }) {
    this.#writer = options.writer
    this.#epoch = options.epoch
    this.#capacity = options.capacity
  }

  get length(): number {
    return this.#records.length
  }

  get lost(): number {
    return this.#lost
  }

  /** The record's number; null: it is lost. */
  push(record: UsageRecord): number | null {
    if (this.#records.length >= this.#capacity) {
      this.#lost++
      return null
    }
    return this.#firstN + this.#records.push(record) - 1
  }

  /** The oldest `max`, or null: there are none. */
  take(max: number): RecordBatch | null {
    if (this.#records.length === 0) return null
    let records = this.#records
    if (records.length <= max) this.#records = []
    else records = records.splice(0, max)
    const firstN = this.#firstN
    this.#firstN += records.length
    return { writer: this.#writer, epoch: this.#epoch, firstN, records }
  }
}
