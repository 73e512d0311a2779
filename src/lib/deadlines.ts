import { outsideTransaction } from './held-connection.ts'

/** Many deadlines on one timer. A deadline costs a list node, not a timer; it passes up to one tick late, never early. */
export interface Deadlines {
  add(ms: number, passed: () => void): Disposable
}

const TICK_MS = 16
const SLOTS = 512

class Entry implements Disposable {
  due = 0
  before: Entry
  after: Entry
  passed: (() => void) | undefined
  readonly #owner: Wheel | undefined

  constructor(owner?: Wheel, passed?: () => void) {
    this.before = this
    this.after = this
    this.passed = passed
    this.#owner = owner
  }

  [Symbol.dispose](): void {
    if (this.passed === undefined) return
    this.passed = undefined
    this.unlink()
    this.#owner?.left()
  }

  unlink(): void {
    this.before.after = this.after
    this.after.before = this.before
    this.before = this
    this.after = this
  }

  linkBefore(head: Entry): void {
    this.before = head.before
    this.after = head
    head.before.after = this
    head.before = this
  }
}

/** A hashed wheel of 16 ms ticks. Its timer runs only while something waits, and never keeps the process alive. */
class Wheel implements Deadlines {
  readonly #slots = Array.from({ length: SLOTS }, () => new Entry())
  #waiting = 0
  #tick = 0
  #timer: NodeJS.Timeout | undefined

  add(ms: number, passed: () => void): Disposable {
    const entry = new Entry(this, passed)
    const now = performance.now()
    if (this.#timer === undefined) this.#start(now)
    // Rounded up, and never into the tick that is being walked.
    entry.due = Math.max(Math.ceil((now + ms) / TICK_MS), this.#tick + 1)
    const head = this.#slots[entry.due % SLOTS]
    if (head !== undefined) entry.linkBefore(head)
    this.#waiting++
    return entry
  }

  left(): void {
    if (--this.#waiting > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #start(now: number): void {
    this.#tick = Math.floor(now / TICK_MS)
    this.#timer = outsideTransaction(() => setInterval(() => this.#advance(), TICK_MS))
    this.#timer.unref()
  }

  #advance(): void {
    const now = Math.floor(performance.now() / TICK_MS)
    // After a long stall one round of the wheel visits every slot; more would visit them again.
    if (now - this.#tick > SLOTS) this.#tick = now - SLOTS
    while (this.#tick < now && this.#waiting > 0) this.#pass(++this.#tick, now)
  }

  #pass(tick: number, now: number): void {
    const head = this.#slots[tick % SLOTS]
    if (head === undefined) return
    const due: Entry[] = []
    for (let entry = head.after; entry !== head; entry = entry.after) if (entry.due <= now) due.push(entry)
    for (const entry of due) {
      // One that passed may have withdrawn another.
      const passed = entry.passed
      entry[Symbol.dispose]()
      passed?.()
    }
  }
}

export function createDeadlines(): Deadlines {
  return new Wheel()
}
