import { AsyncLocalStorage } from 'node:async_hooks'

/** How long a request waits in all, however many steps it takes, for a database that says nothing. */
export const PATIENCE_MS = 650

/** One clock for all that a request asks: it runs from the first question without an answer until the database says a word to it. */
export class Patience {
  #since: number | undefined

  /** When the clock began to run, by performance.now(); it runs from here if it did not. */
  waiting(): number {
    this.#since ??= performance.now()
    return this.#since
  }

  heard(): void {
    this.#since = undefined
  }

  /** What is left of it, in ms; never negative. Whoever asks waits. */
  leftMs(): number {
    return Math.max(0, this.waiting() + PATIENCE_MS - performance.now())
  }
}

const current = new AsyncLocalStorage<Patience>()

/** Runs `work` as one request. */
export function patiently<T>(work: () => T): T {
  return current.run(new Patience(), work)
}

/** The clock of the request around; outside of requests each question has its own. */
export function patience(): Patience {
  return current.getStore() ?? new Patience()
}
