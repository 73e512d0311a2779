import { heldConnection } from '#/lib/held-connection.ts'

/**
 * Between two statements a transaction computes and waits for nothing: whatever it does with an answer it does in the same turn of
 * the event loop. One that gives its connection nothing to do for a whole turn waits for something else, whatever that is and
 * however it got past `assertNoTransaction`: a socket, a file, a timer, a promise of somebody else.
 */
export class IdleWatch implements Disposable {
  readonly #source: string
  readonly #isBusy: () => boolean
  readonly #seen = Promise.withResolvers<never>()
  #over = false

  /** `isBusy`: a statement is under way. */
  constructor(source: string, isBusy: () => boolean) {
    this.#source = source
    this.#isBusy = isBusy
    this.#seen.promise.catch(() => undefined)
  }

  /** Rejects as soon as the transaction waits for something else. */
  get seen(): Promise<never> {
    return this.#seen.promise
  }

  /** A statement was answered, with a result or an error. */
  readonly answered = (): void => {
    if (!this.#isIdle()) return
    // The first comes in the turn of the answer, behind whatever the answer sets off; the second ends the turn after it.
    setImmediate(() => setImmediate(this.#look))
  };

  [Symbol.dispose](): void {
    this.#over = true
  }

  #isIdle(): boolean {
    return !this.#over && !this.#isBusy()
  }

  readonly #look = (): void => {
    if (!this.#isIdle()) return
    this.#over = true
    this.#seen.reject(heldConnection('waiting for something other than its statements', this.#source))
  }
}
