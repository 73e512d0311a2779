/** Work that comes in small steps. */
export interface Stint {
  /** A little of it, well under a millisecond. False: nothing is left for now. */
  step(): boolean
}

/** What one turn of the event loop gives to all such work together. A call passes through some four turns, so it loses little. */
const TURN_MS = 0.3
/** While others are about, the process rests for so long between two turns: one that never does is itself served late. */
const REST_MS = 2
/** Who was served so lately is about. */
const ABOUT_MS = 50

/** Bulky work shares what each turn of the event loop can spare, step by step in rounds; all else goes on between two turns. */
export class Turns {
  #waiting = new Set<Stint>()
  #scheduled = false
  #servedAt = -Infinity

  /** Steps of it follow, the first in this turn, until it has none left. Harmless where it waits already. */
  add(stint: Stint): void {
    this.#waiting.add(stint)
    if (!this.#scheduled) this.#goOn()
  }

  remove(stint: Stint): void {
    this.#waiting.delete(stint)
  }

  /** Somebody else was served, at this time. */
  served(now: number): void {
    this.#servedAt = now
  }

  #goOn(): void {
    this.#scheduled = true
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    const until = performance.now() + TURN_MS
    let now = 0
    // A set keeps the order of insertion: who has more to do goes to the end.
    for (const stint of this.#waiting) {
      this.#waiting.delete(stint)
      if (stint.step()) this.#waiting.add(stint)
      now = performance.now()
      if (now >= until) break
    }
    if (now >= until && now - this.#servedAt < ABOUT_MS) setTimeout(this.#turn, REST_MS)
    else if (this.#waiting.size > 0) this.#goOn()
    else this.#scheduled = false
  }
}

/** A process has one event loop. */
export const TURNS = new Turns()
