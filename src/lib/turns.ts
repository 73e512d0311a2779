/** Work that comes in small steps. */
export interface Stint {
  /** A little of it, well under a millisecond. False: nothing is left for now. */
  step(): boolean
}

/** What one turn of the event loop gives to all such work together. A call passes through some four turns, so it loses little. */
const TURN_MS = 0.3
/**
 * While others are about, the process rests after a turn for so many times what it took: one that never rests is itself served late,
 * and what bulky work leaves behind is collected in pauses for everybody, which are the rarer the less there is of it.
 */
const REST = 9
/** What took long took it from outside: another process, or a collection. Nobody is made to wait for that as well. */
const LONGEST_REST_MS = 20
/** Others are about while so many were served within this time. Of one answer it is told twice, of a bulky one too. */
const ABOUT = 4
const ABOUT_MS = 1_000

/** Bulky work shares what each turn of the event loop can spare, step by step in rounds; all else goes on between two turns. */
export class Turns {
  #waiting = new Set<Stint>()
  #scheduled = false
  /** When it was told last; the place of the oldest. */
  readonly #servedAt = Array.from({ length: ABOUT }, () => -Infinity)
  #oldest = 0

  /** Steps of it follow, the first in this turn, until it has none left. Harmless where it waits already. */
  add(stint: Stint): void {
    this.#waiting.add(stint)
    if (!this.#scheduled) this.#goOn()
  }

  remove(stint: Stint): void {
    this.#waiting.delete(stint)
  }

  /** Somebody was served, at this time. */
  served(now: number): void {
    this.#servedAt[this.#oldest] = now
    this.#oldest = (this.#oldest + 1) % ABOUT
  }

  #areOthersAbout(now: number): boolean {
    return now - (this.#servedAt[this.#oldest] ?? -Infinity) < ABOUT_MS
  }

  #goOn(): void {
    this.#scheduled = true
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    const began = performance.now()
    let now = began
    // A set keeps the order of insertion: who has more to do goes to the end.
    for (const stint of this.#waiting) {
      this.#waiting.delete(stint)
      if (stint.step()) this.#waiting.add(stint)
      now = performance.now()
      if (now - began >= TURN_MS) break
    }
    const took = now - began
    if (took >= TURN_MS && this.#areOthersAbout(now)) setTimeout(this.#turn, Math.min(REST * took, LONGEST_REST_MS))
    else if (this.#waiting.size > 0) this.#goOn()
    else this.#scheduled = false
  }
}

/** A process has one event loop. */
export const TURNS = new Turns()
