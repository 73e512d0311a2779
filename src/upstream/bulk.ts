import { TURNS, type Stint } from '#/lib/turns.ts'
import { passedThrough } from '#/lib/young.ts'
import type { Flow } from './http1-connection.ts'

/** How much may wait here before the server is held back. */
const HELD_BYTES = 32 << 10
const SMALLEST_SLICE = 2 << 10
const LARGEST_SLICE = 64 << 10
/** What a slice should take: the next one is as large as that allows. */
const SHORT_MS = 0.1
const LONG_MS = 0.3

/** The bytes of a long answer on their way through: a slice at a time, in turns with all other long answers. */
export class Bulk implements Stint {
  readonly #flow: Flow
  readonly #take: (slice: Buffer) => void
  #held: Buffer[] = []
  #heldBytes = 0
  #slice = SMALLEST_SLICE
  /** The server is held back: because enough waits here, or because the reader has said so. */
  #full = false
  #paused = false
  #dropped = false
  #ended: (() => void) | undefined

  constructor(flow: Flow, take: (slice: Buffer) => void) {
    this.#flow = flow
    this.#take = take
  }

  push(chunk: Buffer): void {
    if (this.#dropped) return
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (!this.#full && this.#heldBytes > HELD_BYTES) {
      this.#full = true
      this.#flow.pause()
    }
    if (!this.#paused) TURNS.add(this)
  }

  /** Nothing more comes; `ended` is told when all has been taken. */
  end(ended: () => void): void {
    if (this.#held.length === 0) return ended()
    this.#ended = ended
  }

  /** What waits here is nobody's. */
  drop(): void {
    this.#dropped = true
    TURNS.remove(this)
    this.#held = []
    this.#heldBytes = 0
    this.#ended = undefined
  }

  pause(): void {
    this.#paused = true
    TURNS.remove(this)
    this.#flow.pause()
  }

  resume(): void {
    this.#paused = false
    if (this.#held.length > 0) TURNS.add(this)
    else this.#goOn()
  }

  step(): boolean {
    const slice = this.#next()
    if (slice === undefined) return false
    const began = performance.now()
    this.#take(slice)
    passedThrough(slice.length)
    const ms = performance.now() - began
    if (ms < SHORT_MS) this.#slice = Math.min(LARGEST_SLICE, this.#slice * 2)
    else if (ms > LONG_MS) this.#slice = Math.max(SMALLEST_SLICE, this.#slice >> 1)
    if (this.#held.length === 0) this.#goOn()
    return this.#held.length > 0 && !this.#paused
  }

  #next(): Buffer | undefined {
    const first = this.#held[0]
    if (first === undefined) return undefined
    const slice = first.length <= this.#slice ? first : first.subarray(0, this.#slice)
    this.#heldBytes -= slice.length
    if (slice === first) this.#held.shift()
    else this.#held[0] = first.subarray(slice.length)
    return slice
  }

  #goOn(): void {
    // What it came on may serve another by now.
    if (this.#dropped) return
    const ended = this.#ended
    this.#ended = undefined
    if (ended !== undefined) return ended()
    this.#full = false
    if (!this.#paused) this.#flow.resume()
  }
}
