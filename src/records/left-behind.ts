import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError } from '#/errors/gateway-error.ts'
import { batchIn } from './spill-file.ts'
import type { UsageMeterOptions } from './usage-meter.ts'

/** The number of the last record of a writer's life. */
interface LastRecord {
  readonly epoch: string
  readonly lastN: number
}

/** A file of records that were not stored when this process began, and the last of them; null: none of them can be read. */
interface Left {
  readonly path: string
  readonly last: LastRecord | null
}

/** How far the records of some lives are stored, by epoch. */
export type StoredEpochs = (epochs: readonly string[]) => Promise<ReadonlyMap<string, number>>

const SPILL = /^records-w\d+\.spill$/
/** Longer than any batch. */
const TAIL_BYTES = 4 << 20

/**
 * Usage that earlier lives of this machine's workers left on disk. Until all of it is stored, nobody knows how much a token was used: the
 * calls stand in files that other workers read, or read by themselves, in the order in which they were written.
 */
export class LeftBehind {
  readonly #stored: StoredEpochs
  #left: readonly Left[]

  private constructor(left: readonly Left[], stored: StoredEpochs) {
    this.#left = left
    this.#stored = stored
  }

  static async in(folder: string, stored: StoredEpochs): Promise<LeftBehind> {
    const names = (await readdir(folder).catch(() => [])).filter((name) => SPILL.test(name))
    const left = await Promise.all(names.map((name) => leftIn(join(folder, name))))
    return new LeftBehind(
      left.filter((one) => one !== null),
      stored,
    )
  }

  /** What is stored, once it has what was left as well; before that it cannot be read. */
  counted(read: UsageMeterOptions['read']): UsageMeterOptions['read'] {
    return async (tokens, since) => {
      if (!(await this.#isStored()))
        throw new GatewayError('unavailable', 'usage that an earlier process left on disk is not stored yet')
      return await read(tokens, since)
    }
  }

  async #isStored(): Promise<boolean> {
    if (this.#left.length === 0) return true
    const epochs = this.#left.flatMap(({ last }) => (last === null ? [] : [last.epoch]))
    const stored = epochs.length === 0 ? new Map<string, number>() : await this.#stored(epochs)
    const waiting: Left[] = []
    for (const one of this.#left) {
      const isStored = one.last !== null && (stored.get(one.last.epoch) ?? 0) >= one.last.lastN
      // Emptied: what could not be stored was given up, and counted as lost.
      if (!isStored && (await sizeOf(one.path)) > 0) waiting.push(one)
    }
    this.#left = waiting
    return waiting.length === 0
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0
}

/** null: there is nothing in it. */
async function leftIn(path: string): Promise<Left | null> {
  const file = await open(path, 'r').catch(() => null)
  if (file === null) return null
  try {
    const { size } = await file.stat()
    if (size === 0) return null
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES))
    const { bytesRead } = await file.read(tail, 0, tail.length, size - tail.length)
    return { path, last: lastIn(tail.subarray(0, bytesRead)) }
  } finally {
    await file.close()
  }
}

/** Of the last line that is whole: a crash may have cut the one after it. */
function lastIn(tail: Buffer): LastRecord | null {
  for (const line of tail.toString().split('\n').slice(0, -1).toReversed()) {
    const batch = batchIn(line)
    if (batch !== null) return { epoch: batch.epoch, lastN: batch.firstN + batch.records.length - 1 }
  }
  return null
}
