interface Framing {
  readonly 'content-length'?: string
  readonly 'transfer-encoding'?: string
}

/** Finds where a body ends, and takes the chunks of HTTP/1.1 apart. */
export class BodyReader {
  /** Bytes of the body, or of this chunk, that are still to come. */
  #left: number
  readonly #chunked: boolean
  #line = ''
  /** Of a chunked body: what comes next. */
  #next: 'size' | 'data' | 'data end' | 'trailer' = 'size'
  isOver = false

  constructor(headers: Framing, status: number) {
    this.#chunked = headers['transfer-encoding']?.toLowerCase() === 'chunked'
    const length = headers['content-length']
    this.#left = this.#chunked ? 0 : length === undefined ? Infinity : Number(length)
    this.isOver = status === 204 || status === 304 || (!this.#chunked && this.#left === 0)
  }

  push(bytes: Buffer, pieces: Buffer[]): void {
    if (this.#chunked) return this.#pushChunked(bytes, pieces)
    if (bytes.length > 0 && !this.isOver) pieces.push(bytes)
    this.#left -= bytes.length
    if (this.#left <= 0) this.isOver = true
  }

  /** The connection is closed, which ends a body that says no length. */
  end(): void {
    if (this.#left === Infinity) this.isOver = true
  }

  #pushChunked(bytes: Buffer, pieces: Buffer[]): void {
    let at = 0
    while (at < bytes.length && !this.isOver) {
      if (this.#next === 'data') {
        const end = Math.min(bytes.length, at + this.#left)
        pieces.push(bytes.subarray(at, end))
        this.#left -= end - at
        at = end
        if (this.#left === 0) this.#next = 'data end'
        continue
      }
      const end = bytes.indexOf(0x0a, at)
      this.#line += bytes.toString('latin1', at, end < 0 ? bytes.length : end + 1)
      if (end < 0) return
      at = end + 1
      const line = this.#line.trim()
      this.#line = ''
      this.#takeLine(line)
    }
  }

  #takeLine(line: string): void {
    if (this.#next === 'data end') {
      this.#next = 'size'
    } else if (this.#next === 'trailer') {
      this.isOver = line === ''
    } else {
      const size = Number.parseInt(line, 16)
      if (!(size >= 0)) throw new Error(`no chunk begins with ${JSON.stringify(line.slice(0, 40))}`)
      this.#left = size
      this.#next = size === 0 ? 'trailer' : 'data'
    }
  }
}
