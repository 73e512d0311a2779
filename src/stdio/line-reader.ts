const NEWLINE = 0x0a
/** What is kept of a line that is too long: an answer's id may lie at either end. */
const HEAD = 1024
const TAIL = 64

export interface LineEvents {
  /** One line without its end; its bytes are the receiver's. */
  line(line: Buffer): void
  /** A line beyond the bound has ended; its first and last bytes. */
  tooLong(head: Buffer, tail: Buffer): void
}

/** Cuts a stream into lines. Holds at most `maxBytes` of one that has not ended; what is longer passes without being held. */
export class LineReader {
  readonly #events: LineEvents
  readonly #maxBytes: number
  #parts: Buffer[] = []
  #size = 0
  /** Of a line beyond the bound. */
  #head: Buffer | undefined
  #tail: Buffer = Buffer.alloc(0)

  constructor(maxBytes: number, events: LineEvents) {
    this.#maxBytes = maxBytes
    this.#events = events
  }

  /** In the middle of a line beyond the bound: what comes is thrown away. */
  get skipping(): boolean {
    return this.#head !== undefined
  }

  push(chunk: Buffer): void {
    let from = 0
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from)
      if (end < 0) break
      this.#end(chunk.subarray(from, end))
      from = end + 1
    }
    if (from < chunk.length) this.#hold(from === 0 ? chunk : chunk.subarray(from))
  }

  /** What came last without a line end. */
  finish(): void {
    if (this.#size > 0 || this.#head !== undefined) this.#end(Buffer.alloc(0))
  }

  #hold(part: Buffer): void {
    this.#size += part.length
    if (this.#head === undefined && this.#size <= this.#maxBytes) {
      this.#parts.push(part)
      return
    }
    this.#head ??= Buffer.from((this.#parts[0] ?? part).subarray(0, HEAD))
    const last = Buffer.concat([this.#parts.at(-1) ?? this.#tail, part])
    this.#tail = Buffer.from(last.subarray(-TAIL))
    this.#parts = []
  }

  #end(part: Buffer): void {
    if (this.#size === 0 && part.length <= this.#maxBytes) return this.#events.line(part)
    this.#hold(part)
    const [head, tail, parts, size] = [this.#head, this.#tail, this.#parts, this.#size]
    this.#parts = []
    this.#size = 0
    this.#head = undefined
    this.#tail = Buffer.alloc(0)
    if (head !== undefined) this.#events.tooLong(head, tail)
    else this.#events.line(Buffer.concat(parts, size))
  }
}
