import { GatewayError } from '#/errors/gateway-error.ts'
import { assertNoTransaction } from '#/lib/held-connection.ts'

interface Waiter {
  readonly seq: number
  readonly done: (error?: GatewayError) => void
}

/** Those who wait until a number of the clock has been applied here. */
export class Waiters {
  readonly #waiting = new Set<Waiter>()

  wait(seq: number, ms: number): Promise<void> {
    assertNoTransaction('waiting for the catalog')
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        seq,
        done: (error) => {
          clearTimeout(timer)
          this.#waiting.delete(waiter)
          if (error === undefined) resolve()
          else reject(error)
        },
      }
      const late = 'the change is stored but not yet visible here; try again in a moment'
      const timer = setTimeout(() => waiter.done(new GatewayError('unavailable', late, { retryAfter: 1 })), ms)
      this.#waiting.add(waiter)
    })
  }

  reached(seq: number): void {
    for (const waiter of this.#waiting) if (waiter.seq <= seq) waiter.done()
  }

  abandon(): void {
    for (const waiter of this.#waiting) waiter.done(new GatewayError('unavailable', 'this process is ending'))
  }
}
