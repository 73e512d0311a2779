import { isUtf8 } from 'node:buffer'

const NOTHING = Buffer.alloc(0)

/** Checks that bytes which arrive in pieces are UTF-8 as a whole. Holds at most three bytes between pieces. */
export class Utf8Check {
  #carry = NOTHING
  #held = 0
  #missing = 0

  /** False once the bytes so far cannot be the beginning of valid UTF-8. */
  push(chunk: Buffer): boolean {
    let start = 0
    if (this.#missing > 0) {
      start = Math.min(this.#missing, chunk.length)
      chunk.copy(this.#carry, this.#held, 0, start)
      this.#held += start
      this.#missing -= start
      if (this.#missing > 0) return chunk.length > 0 ? this.#plausible() : true
      if (!isUtf8(this.#carry.subarray(0, this.#held))) return false
      this.#held = 0
    }
    const end = this.#keepTail(chunk, start)
    if (start === 0 && end === chunk.length) return isUtf8(chunk)
    return isUtf8(chunk.subarray(start, end)) && this.#plausible()
  }

  /** True where no character is left half-way. */
  get whole(): boolean {
    return this.#missing === 0
  }

  /** Keeps an unfinished character at the end of the chunk for later; returns where it begins. */
  #keepTail(chunk: Buffer, start: number): number {
    const last = chunk.length - 1
    if (last < start || chunk[last]! < 0x80) return chunk.length
    for (let i = last; i >= start && i > last - 3; i--) {
      const c = chunk[i]!
      if (c < 0xc0) continue
      const size = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2
      const has = chunk.length - i
      if (size <= has || c > 0xf4) return chunk.length
      if (this.#carry === NOTHING) this.#carry = Buffer.alloc(4)
      chunk.copy(this.#carry, 0, i)
      this.#held = has
      this.#missing = size - has
      return i
    }
    return chunk.length
  }

  /** Whether the held bytes can still become a character: what follows is a continuation byte in the range its lead allows. */
  #plausible(): boolean {
    if (this.#held < 2) return true
    const lead = this.#carry[0]!
    const second = this.#carry[1]!
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    if (second < low || second > high) return false
    return this.#held < 3 || (this.#carry[2]! & 0xc0) === 0x80
  }
}
