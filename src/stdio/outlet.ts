import type { FrameWriter } from '#/lib/frames.ts'
import { KIND, type Kind, WINDOW } from './kinds.ts'

/** As much as one frame of data carries: what others send meanwhile goes in between. */
const SLICE = 64 << 10

/** What the host sends for one exchange: no further ahead than its reader allows. */
export class Outlet {
  readonly #frames: FrameWriter
  readonly #exchange: number
  /** All of it is out. */
  readonly #out: () => void
  #credit = WINDOW
  #queue: Buffer[] = []
  #queued = 0
  #ending = false

  constructor(frames: FrameWriter, exchange: number, out: () => void) {
    this.#frames = frames
    this.#exchange = exchange
    this.#out = out
  }

  /** Bytes that wait for the reader. */
  get queued(): number {
    return this.#queued
  }

  /** The only frame of this exchange. */
  whole(kind: Kind, payload?: Buffer): void {
    this.#frames.send(kind, this.#exchange, payload)
    this.#out()
  }

  /** A whole answer in three parts. */
  answer(parts: readonly [Buffer, Buffer, Buffer]): void {
    const [before, id, after] = parts
    const pieces = this.#frames.begin(KIND.answer, this.#exchange, before.length + id.length + after.length)
    pieces.add(before)
    pieces.add(id)
    pieces.add(after)
    this.#out()
  }

  start(kind: typeof KIND.json | typeof KIND.events): void {
    this.#frames.send(kind, this.#exchange)
  }

  data(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#queue.push(bytes)
    this.#queued += bytes.length
    this.#send()
  }

  /** The last of it follows as the reader takes it. */
  end(): void {
    this.#ending = true
    this.#send()
  }

  grant(bytes: number): void {
    this.#credit += bytes
    this.#send()
  }

  #send(): void {
    for (let first = this.#queue[0]; first !== undefined && this.#credit > 0; first = this.#queue[0]) {
      const size = Math.min(first.length, this.#credit, SLICE)
      this.#frames.send(KIND.data, this.#exchange, first.subarray(0, size))
      this.#credit -= size
      this.#queued -= size
      if (size === first.length) this.#queue.shift()
      else this.#queue[0] = first.subarray(size)
    }
    if (!this.#ending || this.#queued > 0) return
    this.#ending = false
    this.whole(KIND.end)
  }
}
