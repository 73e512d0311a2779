const CHUNK_MAX = 256

/** A few hundred neighbours of a sorted run. Immutable once its edit is done; `id` is never used for other contents. */
export interface Chunk<T> {
  readonly id: number
  readonly items: readonly T[]
}

interface OwnChunk<T> extends Chunk<T> {
  readonly owner: object
  readonly items: T[]
}

let lastId = 0

/**
 * An immutable sorted list in chunks. A version made by an edit shares every chunk that the edit did not touch, so a change among
 * 100,000 items copies some 256, and what was derived from a chunk stays good as long as the chunk is there.
 */
export class SortedRun<T> {
  readonly chunks: readonly Chunk<T>[]
  readonly size: number
  /** Differs between any two versions with different contents. */
  readonly stamp: number
  readonly compare: (a: T, b: T) => number

  constructor(compare: (a: T, b: T) => number, chunks: readonly Chunk<T>[] = [], size = 0) {
    this.compare = compare
    this.chunks = chunks
    this.size = size
    this.stamp = ++lastId
  }

  *[Symbol.iterator](): Generator<T> {
    for (const chunk of this.chunks) yield* chunk.items
  }

  edit(): RunEdit<T> {
    return new RunEdit(this)
  }

  /** Place of the first item for which `isAfter` holds; `isAfter` must be false, then true, along the run. */
  firstWhere(isAfter: (item: T) => boolean): { readonly chunk: number; readonly index: number } {
    const chunk = lowest(this.chunks.length, (i) => isAfter(lastOf(this.chunks[i])))
    const items = this.chunks[chunk]?.items ?? []
    return { chunk, index: lowest(items.length, (i) => isAfter(items[i] as T)) }
  }
}

/** Changes one run. Items are equal when `compare` says 0; two different items must never compare equal. */
export class RunEdit<T> {
  readonly #from: SortedRun<T>
  #chunks: OwnChunk<T>[] | undefined
  readonly #owner = {}
  #size: number

  constructor(from: SortedRun<T>) {
    this.#from = from
    this.#size = from.size
  }

  /** Inserts, or replaces the item that compares equal. */
  put(item: T): void {
    const at = this.#place(item)
    const chunk = this.#own(at.chunk)
    if (at.found) chunk.items[at.index] = item
    else {
      chunk.items.splice(at.index, 0, item)
      this.#size++
      if (chunk.items.length > CHUNK_MAX) this.#split(at.chunk)
    }
  }

  delete(item: T): void {
    const at = this.#place(item)
    if (!at.found) return
    const chunk = this.#own(at.chunk)
    chunk.items.splice(at.index, 1)
    this.#size--
    if (chunk.items.length === 0) this.#chunks?.splice(at.chunk, 1)
  }

  /** The new version; the old one if nothing was changed. The edit must not be used afterwards. */
  done(): SortedRun<T> {
    return this.#chunks === undefined ? this.#from : new SortedRun(this.#from.compare, this.#chunks, this.#size)
  }

  #place(item: T): { readonly chunk: number; readonly index: number; readonly found: boolean } {
    const { compare } = this.#from
    const chunks: readonly Chunk<T>[] = this.#chunks ?? this.#from.chunks
    const first = lowest(chunks.length, (i) => compare(lastOf(chunks[i]), item) >= 0)
    const chunk = Math.max(0, Math.min(first, chunks.length - 1))
    const items = chunks[chunk]?.items ?? []
    const index = lowest(items.length, (i) => compare(items[i] as T, item) >= 0)
    const there = items[index]
    return { chunk, index, found: there !== undefined && compare(there, item) === 0 }
  }

  #own(at: number): OwnChunk<T> {
    this.#chunks ??= [...this.#from.chunks] as OwnChunk<T>[]
    const chunk = this.#chunks[at]
    if (chunk?.owner === this.#owner) return chunk
    const own = { id: ++lastId, owner: this.#owner, items: [...(chunk?.items ?? [])] }
    this.#chunks[at] = own
    return own
  }

  /** A chunk that is appended to stays full; one that is inserted into makes room on both sides. */
  #split(at: number): void {
    const chunks = this.#chunks ?? []
    const chunk = chunks[at]
    if (chunk === undefined) return
    const cut = at === chunks.length - 1 ? CHUNK_MAX - 8 : CHUNK_MAX >> 1
    chunks.splice(at + 1, 0, { id: ++lastId, owner: this.#owner, items: chunk.items.splice(cut) })
  }
}

const lastOf = <T>(chunk: Chunk<T> | undefined): T => chunk?.items.at(-1) as T

/** The smallest i in [0, n) for which `holds` is true, else n; `holds` must be false, then true. */
function lowest(n: number, holds: (i: number) => boolean): number {
  let low = 0
  let high = n
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
