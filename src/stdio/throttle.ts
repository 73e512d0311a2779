import type { Readable } from 'node:stream'

const WINDOW_MS = 100

/**
 * Holds back a stream that brings more than it should: for the rest of a tenth of a second it is not read, so that its writer waits
 * and nobody else does. Costs nothing while the stream behaves.
 */
export class Throttle implements Disposable {
  readonly #stream: Readable
  readonly #most: number
  #since = 0
  #spent = 0
  #timer: NodeJS.Timeout | undefined

  /** `most`: what a window may cost. */
  constructor(stream: Readable, most: number) {
    this.#stream = stream
    this.#most = most
  }

  /** In this window, so far. */
  get spent(): number {
    return performance.now() - this.#since > WINDOW_MS ? 0 : this.#spent
  }

  spend(cost: number): void {
    const now = performance.now()
    if (now - this.#since > WINDOW_MS) {
      this.#since = now
      this.#spent = 0
    }
    this.#spent += cost
    if (this.#spent < this.#most || this.#timer !== undefined) return
    this.#stream.pause()
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#stream.resume()
    }, WINDOW_MS)
    this.#timer.unref()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
