/** So many keys stay at zero: a Map whose only key comes and goes is made anew every few times, and what was old holds the new. */
const REMEMBERED = 1_000

/** How often each key is under way at the moment. */
export class Counts {
  readonly #counts = new Map<string, number>()

  of(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  add(key: string): void {
    this.#counts.set(key, this.of(key) + 1)
  }

  /** After as many of `add` at least. */
  remove(key: string): void {
    const left = this.of(key) - 1
    if (left > 0 || this.#counts.size <= REMEMBERED) this.#counts.set(key, left)
    else this.#counts.delete(key)
  }

  /** Keys that are under way, and some that were. */
  get size(): number {
    return this.#counts.size
  }
}
