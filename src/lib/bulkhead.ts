import type { Deadlines } from './deadlines.ts'
import { assertNoTransaction } from './held-connection.ts'

export interface BulkheadOptions {
  /** How many may be inside at once. */
  readonly limit: number
  /** How many may wait for a place. */
  readonly waiting: number
  /** How long one may wait, in ms. */
  readonly maxWaitMs: number
}

export type Refusal = 'full' | 'waited too long'

/** No place was free in time. */
export class BulkheadRefusal extends Error {
  override readonly name = 'BulkheadRefusal'
  readonly why: Refusal

  constructor(why: Refusal) {
    super(why)
    this.why = why
  }
}

class Waiter implements Disposable {
  before: Waiter | undefined
  after: Waiter | undefined
  deadline: Disposable | undefined
  readonly granted: () => void
  readonly #leave: (waiter: Waiter) => void

  constructor(granted: () => void, leave: (waiter: Waiter) => void) {
    this.granted = granted
    this.#leave = leave
  }

  /** Gives up the place in the queue. Harmless once granted or refused. */
  [Symbol.dispose](): void {
    if (this.deadline !== undefined) this.#leave(this)
  }
}

/** A bounded number inside, a bounded queue before the door, a bounded wait in it. Every step is O(1). */
export class Bulkhead {
  readonly #options: BulkheadOptions
  readonly #deadlines: Deadlines
  #inside = 0
  #waiting = 0
  #letting = false
  #first: Waiter | undefined
  #last: Waiter | undefined

  constructor(options: BulkheadOptions, deadlines: Deadlines) {
    this.#options = options
    this.#deadlines = deadlines
  }

  get inside(): number {
    return this.#inside
  }

  get waiting(): number {
    return this.#waiting
  }

  /** A place at once, or false. Whoever got one calls `release` exactly once. */
  tryTake(): boolean {
    if (this.#inside >= this.#options.limit) return false
    this.#inside++
    return true
  }

  /** Frees the place for whoever has waited longest. Who is let in and leaves at once adds no depth to the stack. */
  release(): void {
    this.#inside--
    if (this.#letting) return
    this.#letting = true
    try {
      for (let next = this.#first; next !== undefined && this.#inside < this.#options.limit; next = this.#first) {
        this.#inside++
        this.#remove(next)
        next.granted()
      }
    } finally {
      this.#letting = false
    }
  }

  /** Queues for a place; one of the two callbacks follows later, unless the result is disposed first. undefined: the queue is full. */
  wait(granted: () => void, tooLate: () => void): Disposable | undefined {
    assertNoTransaction('waiting for a place')
    if (this.#waiting >= this.#options.waiting) return undefined
    const waiter = new Waiter(granted, (left) => this.#remove(left))
    waiter.deadline = this.#deadlines.add(this.#options.maxWaitMs, () => {
      this.#remove(waiter)
      tooLate()
    })
    waiter.before = this.#last
    if (this.#last === undefined) this.#first = waiter
    else this.#last.after = waiter
    this.#last = waiter
    this.#waiting++
    return waiter
  }

  /** A place as a resource. Rejects with BulkheadRefusal, or the signal's reason. */
  async take(signal?: AbortSignal): Promise<Disposable> {
    assertNoTransaction('waiting for a place')
    signal?.throwIfAborted()
    if (this.tryTake()) return this.#place()
    return await new Promise<Disposable>((resolve, reject) => {
      const aborted = (): void => {
        waiter?.[Symbol.dispose]()
        reject(signal?.reason as Error)
      }
      const settled = (then: () => void) => (): void => {
        signal?.removeEventListener('abort', aborted)
        then()
      }
      const waiter = this.wait(
        settled(() => resolve(this.#place())),
        settled(() => reject(new BulkheadRefusal('waited too long'))),
      )
      if (waiter === undefined) reject(new BulkheadRefusal('full'))
      else signal?.addEventListener('abort', aborted, { once: true })
    })
  }

  #place(): Disposable {
    let held = true
    return {
      [Symbol.dispose]: () => {
        if (held) this.release()
        held = false
      },
    }
  }

  #remove(waiter: Waiter): void {
    waiter.deadline?.[Symbol.dispose]()
    waiter.deadline = undefined
    if (waiter.before === undefined) this.#first = waiter.after
    else waiter.before.after = waiter.after
    if (waiter.after === undefined) this.#last = waiter.before
    else waiter.after.before = waiter.before
    waiter.before = undefined
    waiter.after = undefined
    this.#waiting--
  }
}
