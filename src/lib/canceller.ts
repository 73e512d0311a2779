/** What a call watches to learn that nobody waits for it any more. One listener: the part that holds something to give back. */
export interface CancelSignal {
  readonly aborted: boolean
  readonly reason: Error | undefined
  listen(listener: () => void): void
  unlisten(): void
}

/**
 * An AbortController of one listener. On the path of a call the platform's own, with its EventTarget, costs several microseconds
 * and an object that the garbage collector must finalise.
 */
export class Canceller implements CancelSignal {
  #reason: Error | undefined
  #listener: (() => void) | undefined

  get signal(): CancelSignal {
    return this
  }

  get aborted(): boolean {
    return this.#reason !== undefined
  }

  get reason(): Error | undefined {
    return this.#reason
  }

  /** Once; what comes later changes nothing. */
  abort(reason: Error): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#listener?.()
  }

  listen(listener: () => void): void {
    this.#listener = listener
  }

  unlisten(): void {
    this.#listener = undefined
  }
}
