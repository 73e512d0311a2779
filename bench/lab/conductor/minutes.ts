import type { TickParts } from '../generator/tally.ts'
import { Histogram } from '../histogram.ts'
import type { Minute, Tick } from '../results.ts'
import type { Scenario } from '../scenario.ts'

const SECONDS = 60

/** The minutes of what is measured, from its seconds. One that is not whole is left out. */
export class Minutes {
  readonly whole: Minute[] = []
  readonly #from: number
  readonly #to: number
  readonly #added = new Histogram()
  #answered = 0

  constructor({ rampSeconds, seconds }: Scenario) {
    this.#from = rampSeconds
    this.#to = rampSeconds + seconds
  }

  add({ at, answered }: Pick<Tick, 'at' | 'answered'>, parts: readonly TickParts[]): void {
    if (at <= this.#from || at > this.#to) return
    for (const part of parts) this.#added.merge(part.added)
    this.#answered += answered
    if ((at - this.#from) % SECONDS !== 0) return
    this.whole.push({
      at,
      answered: this.#answered,
      added: { p50: this.#added.at(0.5), p99: this.#added.at(0.99) },
    })
    this.#added.clear()
    this.#answered = 0
  }
}
