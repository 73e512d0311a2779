/** Once somebody was faster, others are likely to be for so long. */
const CROWDED_MS = 1_000

/** Whether others are likely to take the change clock while a write of this process is under way. */
export class Crowd {
  #writes = 0
  #until = 0

  get isLikely(): boolean {
    return this.#writes > 1 || performance.now() < this.#until
  }

  /** One more write, until it is disposed. */
  enter(): Disposable {
    this.#writes += 1
    return { [Symbol.dispose]: () => void (this.#writes -= 1) }
  }

  /** Somebody was faster. */
  met(): void {
    this.#until = performance.now() + CROWDED_MS
  }
}
