import { open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from '#/lib/make-folder.ts'
import type { RecordBatch } from './usage-record.ts'

const CHUNK = 1 << 20
const NEWLINE = 0x0a

export interface SpillOptions {
  readonly path: string
  readonly maxBytes: number
  /** Records that will never be stored: no room, no disk, or a line cut off by a crash. */
  readonly onLost: (records: number, why: 'spill_full' | 'spill_failed' | 'spill_damaged') => void
}

/**
 * Batches that could not be stored, one JSON line each, in order. The file survives the process: what a crash left behind is read
 * first by the next one. Operations run one after the other, in the order in which they were asked for.
 */
export class SpillFile implements AsyncDisposable {
  readonly #options: SpillOptions
  readonly #file: FileHandle
  #size: number
  #read = 0
  /** Appends that were asked for and are not on disk yet. */
  #coming = 0
  #last: Promise<unknown> = Promise.resolve()

  private constructor(options: SpillOptions, file: FileHandle, size: number) {
    this.#options = options
    this.#file = file
    this.#size = size
  }

  static async open(options: SpillOptions): Promise<SpillFile> {
    await makeFolder(dirname(options.path), 0o700)
    const file = await open(options.path, 'a+', 0o600)
    const spill = new SpillFile(options, file, (await file.stat()).size)
    await spill.#cutTornLine()
    return spill
  }

  /** True from the moment an append is asked for until everything has been taken off again. */
  get pending(): boolean {
    return this.#coming > 0 || this.#read < this.#size
  }

  get bytes(): number {
    return this.#size - this.#read
  }

  append(batch: RecordBatch): Promise<void> {
    this.#coming++
    return this.#inOrder(async () => {
      try {
        await this.#write(Buffer.from(`${JSON.stringify(batch)}\n`), batch.records.length)
      } finally {
        this.#coming--
      }
    })
  }

  /** The oldest batch that was not taken off, or null. Damaged lines are stepped over and counted. */
  first(): Promise<RecordBatch | null> {
    return this.#inOrder(async () => {
      for (;;) {
        const line = await this.#line()
        if (line === null) return await this.#giveUpRest()
        const batch = batchIn(line.toString())
        if (batch !== null) return batch
        this.#options.onLost(recordsIn(line), 'spill_damaged')
        await this.#stepOver(line)
      }
    })
  }

  /** Takes the oldest batch off. An empty file is cut to nothing. */
  takeOff(): Promise<void> {
    return this.#inOrder(async () => {
      const line = await this.#line()
      if (line !== null) await this.#stepOver(line)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inOrder(() => this.#file.close())
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return result
  }

  async #write(bytes: Buffer, records: number): Promise<void> {
    if (this.#size + bytes.length > this.#options.maxBytes) return this.#options.onLost(records, 'spill_full')
    try {
      await this.#file.appendFile(bytes)
      this.#size += bytes.length
    } catch {
      this.#options.onLost(records, 'spill_failed')
      // Half a line may have been written: what follows must not be glued to it.
      await this.#file.truncate(this.#size).catch(() => undefined)
    }
  }

  /** The oldest line with its newline, or null. */
  async #line(): Promise<Buffer | null> {
    const parts: Buffer[] = []
    for (let at = this.#read; at < this.#size;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, this.#size - at))
      const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, at)
      if (bytesRead === 0) break
      const end = chunk.subarray(0, bytesRead).indexOf(NEWLINE)
      parts.push(chunk.subarray(0, end < 0 ? bytesRead : end + 1))
      if (end >= 0) return Buffer.concat(parts)
      at += bytesRead
    }
    return null
  }

  /** Nothing whole follows. Where there should be more, somebody else has cut the file. */
  async #giveUpRest(): Promise<null> {
    if (this.#read < this.#size) {
      this.#options.onLost(1, 'spill_damaged')
      await this.#reset()
    }
    return null
  }

  async #reset(): Promise<void> {
    await this.#file.truncate(0)
    this.#read = 0
    this.#size = 0
  }

  async #stepOver(line: Buffer): Promise<void> {
    this.#read += line.length
    if (this.#read >= this.#size) await this.#reset()
  }

  /** A crash may have cut the last line: without its newline it is no batch. */
  async #cutTornLine(): Promise<void> {
    let end = this.#size
    let torn = Buffer.alloc(0)
    while (end > 0) {
      const start = Math.max(0, end - CHUNK)
      const chunk = Buffer.alloc(end - start)
      await this.#file.read(chunk, 0, chunk.length, start)
      const newline = chunk.lastIndexOf(NEWLINE)
      torn = Buffer.concat([chunk.subarray(newline + 1), torn])
      end = newline < 0 ? start : start + newline + 1
      if (newline >= 0) break
    }
    if (torn.length === 0) return
    this.#options.onLost(recordsIn(torn), 'spill_damaged')
    await this.#file.truncate(end)
    this.#size = end
  }
}

/** null: the line is damaged. */
export function batchIn(line: string): RecordBatch | null {
  try {
    const value: unknown = JSON.parse(line)
    return isBatch(value) ? value : null
  } catch {
    return null
  }
}

function isBatch(value: unknown): value is RecordBatch {
  if (typeof value !== 'object' || value === null) return false
  const { writer, epoch, firstN, records } = value as Partial<Record<keyof RecordBatch, unknown>>
  return (
    typeof writer === 'string' && typeof epoch === 'string' && Number.isSafeInteger(firstN) && Array.isArray(records)
  )
}

/** How many records a damaged line held, as far as can be told. */
function recordsIn(line: Buffer): number {
  return Math.max(1, line.toString('latin1').split('"requestId"').length - 1)
}
