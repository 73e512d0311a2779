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
  #pieces: Buffer[] = []
  /** Bytes decided and not yet taken out. */
  decided = 0

  /** Bytes that have arrived and are not decided. */
  get open(): number {
    return this.#at + this.#bytes.length - this.#taken
  }

  get end(): number {
    return this.#at + this.#bytes.length
  }

  push(chunk: Buffer): void {
    const left = this.open
    const from = this.#taken - this.#at
    this.#at = this.#taken
    if (left === 0) this.#bytes = chunk
    else this.#append(this.#bytes.subarray(from), chunk)
  }

  /** Text between two offsets, neither of them decided. Valid until the next push. */
  slice(start: number, end: number): Buffer {
    return this.#bytes.subarray(start - this.#at, end - this.#at)
  }

  copyTo(offset: number): void {
    if (offset <= this.#taken) return
    this.emit(this.slice(this.#taken, offset))
    this.#taken = offset
  }

  skipTo(offset: number): void {
    if (offset > this.#taken) this.#taken = offset
  }

  emit(bytes: Buffer): void {
    this.#pieces.push(bytes)
    this.decided += bytes.length
  }

  /** Hands over the output decided so far. */
  take(): Buffer | undefined {
    const pieces = this.#pieces
    if (pieces.length === 0) return undefined
    this.#pieces = []
    const size = this.decided
    this.decided = 0
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, size)
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
