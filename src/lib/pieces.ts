/** Up to here a loop is cheaper than a call that copies. */
const FEW = 24

/** Ranges of buffers in the order in which they are to become one; nothing is copied before `join`. */
export class Pieces {
  #sources: Buffer[] = []
  /** Start and end of each. */
  #ranges: number[] = []
  size = 0

  add(bytes: Buffer, start = 0, end = bytes.length): void {
    if (end <= start) return
    this.#sources.push(bytes)
    this.#ranges.push(start, end)
    this.size += end - start
  }

  /** All of them as one, after which none is left. A single piece is not copied. */
  join(): Buffer {
    const sources = this.#sources
    const ranges = this.#ranges
    const size = this.size
    this.#sources = []
    this.#ranges = []
    this.size = 0
    if (sources.length === 1) return sources[0]!.subarray(ranges[0], ranges[1])
    const joined = Buffer.allocUnsafe(size)
    let at = 0
    for (let i = 0; i < sources.length; i++) {
      const source = sources[i]!
      const start = ranges[i * 2]!
      const end = ranges[i * 2 + 1]!
      if (end - start > FEW) source.copy(joined, at, start, end)
      else for (let k = start; k < end; k++) joined[at + k - start] = source[k]!
      at += end - start
    }
    return joined
  }
}
