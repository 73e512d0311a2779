import { QUOTE } from './json-bytes.ts'
import { decodeString } from './json-string.ts'
import { Pieces } from './pieces.ts'

const NOTHING = Buffer.alloc(0)

/**
 * The part of a text that has arrived but is not yet decided, and the output decided so far. Offsets count from the first byte
 * of the text. Bytes leave in order: copied, replaced by others, or dropped.
 */
export class JsonWindow {
  /** From #at on; a chunk as it came, or #store where something was left over from an earlier one. */
  #bytes: Buffer = NOTHING
  #at = 0
  #taken = 0
  #store: Buffer = NOTHING
  /** Up to here it is among the pieces; from here to #taken it is to be copied. */
  #copied = 0
  readonly #pieces = new Pieces()

  /** Bytes that have arrived and are not decided. */
  get open(): number {
    return this.#at + this.#bytes.length - this.#taken
  }

  get end(): number {
    return this.#at + this.#bytes.length
  }

  push(chunk: Buffer): void {
    this.#flush()
    const left = this.open
    const from = this.#taken - this.#at
    this.#at = this.#taken
    if (left === 0) this.#bytes = chunk
    else this.#append(this.#bytes.subarray(from), chunk)
  }

  /** Whether the undecided bytes between two offsets are this ASCII text. */
  holds(start: number, end: number, text: string): boolean {
    if (end - start !== text.length) return false
    for (let i = 0; i < text.length; i++) if (this.#bytes[start - this.#at + i] !== text.charCodeAt(i)) return false
    return true
  }

  /** The undecided string between two offsets, quotes included, decoded; undefined where it is another value. */
  text(start: number, end: number): string | undefined {
    if (this.#bytes[start - this.#at] !== QUOTE) return undefined
    return decodeString(this.#bytes, start - this.#at, end - this.#at)
  }

  copyTo(offset: number): void {
    if (offset > this.#taken) this.#taken = offset
  }

  skipTo(offset: number): void {
    if (offset <= this.#taken) return
    this.#flush()
    this.#taken = offset
    this.#copied = offset
  }

  emit(bytes: Buffer): void {
    this.#flush()
    this.#pieces.add(bytes)
  }

  /** Bytes decided and not yet taken out. */
  get decided(): number {
    return this.#pieces.size + this.#taken - this.#copied
  }

  /** Hands over the output decided so far. */
  take(): Buffer | undefined {
    this.#flush()
    return this.#pieces.size === 0 ? undefined : this.#pieces.join()
  }

  /** What is copied in one go is one piece. */
  #flush(): void {
    if (this.#copied === this.#taken) return
    this.#pieces.add(this.#bytes, this.#copied - this.#at, this.#taken - this.#at)
    this.#copied = this.#taken
  }

  /** Joins what is left over with the next chunk, in a store with room so that many small chunks stay cheap. */
  #append(left: Buffer, chunk: Buffer): void {
    const store = this.#store
    const used = left.buffer === store.buffer ? left.byteOffset - store.byteOffset : -1
    if (used >= 0 && used + left.length + chunk.length <= store.length) {
      chunk.copy(store, used + left.length)
      this.#bytes = store.subarray(used, used + left.length + chunk.length)
      return
    }
    const size = left.length + chunk.length
    this.#store = Buffer.allocUnsafeSlow(Math.max(size * 2, 512))
    left.copy(this.#store)
    chunk.copy(this.#store, left.length)
    this.#bytes = this.#store.subarray(0, size)
  }
}
