/** Up to here a loop is cheaper than a call that copies. */
const FEW = 24

/** Ranges of buffers, and ASCII texts, in the order in which they are to become one; nothing is copied before `join`. */
export class Pieces {
  #sources: (Buffer | string)[] = []
  /** Start and end of each. */
  #ranges: number[] = []
  size = 0

  add(bytes: Buffer, start = 0, end = bytes.length): void {
    if (end <= start) return
    this.#sources.push(bytes)
    this.#ranges.push(start, end)
    this.size += end - start
  }

  ascii(text: string): void {
    this.#sources.push(text)
    this.#ranges.push(0, text.length)
    this.size += text.length
  }

  /** Any text, as UTF-8. */
  text(text: string): void {
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return this.add(Buffer.from(text))
    this.ascii(text)
  }

  /** All of them as one, after which none is left. A single range is not copied. */
  join(): Buffer {
    const sources = this.#sources
    const ranges = this.#ranges
    const size = this.size
    this.#sources = []
    this.#ranges = []
    this.size = 0
    const [only] = sources
    if (sources.length === 1 && typeof only !== 'string') return only!.subarray(ranges[0], ranges[1])
    const joined = Buffer.allocUnsafe(size)
    let at = 0
    for (let i = 0; i < sources.length; i++) {
      const source = sources[i]!
      const start = ranges[i * 2]!
      const end = ranges[i * 2 + 1]!
      if (typeof source === 'string') for (let k = 0; k < end; k++) joined[at + k] = source.charCodeAt(k)
      else if (end - start > FEW) source.copy(joined, at, start, end)
      else for (let k = start; k < end; k++) joined[at + k - start] = source[k]!
      at += end - start
    }
    return joined
  }
}
