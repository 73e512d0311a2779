/** Work that comes in small steps. */
export interface Stint {
  /** A little of it, well under a millisecond. False: nothing is left for now. */
  step(): boolean
}

/** What one turn of the event loop gives to all such work together. A call passes through some four turns, so it loses little. */
const TURN_MS = 0.5

/** Bulky work shares what each turn of the event loop can spare, step by step in rounds; all else goes on between two turns. */
export class Turns {
  #waiting = new Set<Stint>()
  #scheduled = false

  /** Steps of it follow, the first in this turn, until it has none left. Harmless where it waits already. */
  add(stint: Stint): void {
    this.#waiting.add(stint)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#turn)
  }

  remove(stint: Stint): void {
    this.#waiting.delete(stint)
  }

  readonly #turn = (): void => {
    this.#scheduled = false
    const until = performance.now() + TURN_MS
    // A set keeps the order of insertion: who has more to do goes to the end.
    for (const stint of this.#waiting) {
      this.#waiting.delete(stint)
      if (stint.step()) this.#waiting.add(stint)
      if (performance.now() >= until) break
    }
    if (this.#waiting.size === 0 || this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#turn)
  }
}

/** A process has one event loop. */
export const TURNS = new Turns()
