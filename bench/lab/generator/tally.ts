import { Histogram, type HistogramParts } from '../histogram.ts'
import type { FailureRow } from '../results.ts'
import type { Outcome } from '../users/judge.ts'

/** Of one kind of request, while it is measured. */
interface KindTally {
  answered: number
  failed: number
  refused: number
  readonly total: Histogram
  readonly added: Histogram
}

/** What travels to the conductor at the end. */
export interface KindParts {
  readonly kind: string
  readonly answered: number
  readonly failed: number
  readonly refused: number
  readonly total: HistogramParts
  readonly added: HistogramParts
}

/** What travels each second. Counters are of this second. */
export interface TickParts {
  readonly at: number
  readonly users: number
  readonly inFlight: number
  readonly openStreams: number
  readonly answered: number
  readonly failed: number
  readonly refused: number
  readonly added: HistogramParts
  readonly lists: HistogramParts
}

/** Requests that were meant to be sent in this time are in the sums; on the clock of performance.now(). */
export interface Window {
  readonly from: number
  readonly to: number
}

/** Everything that the users of one generator have seen. */
export class Tally {
  readonly #window: Window
  readonly #kinds = new Map<string, KindTally>()
  readonly #failures = new Map<string, { row: FailureRow; count: number }>()
  readonly #added = new Histogram()
  readonly #lists = new Histogram()
  readonly #second = { answered: 0, failed: 0, refused: 0 }
  /** Through the gateway; `underWay` counts the control's too. */
  inFlight = 0
  underWay = 0
  users = 0
  openStreams = 0
  foreignAnswers = 0
  /** Answers of any kind, from the window's beginning on. */
  answers = 0

  constructor(window: Window) {
    this.#window = window
  }

  begin(isControl: boolean): void {
    this.underWay++
    if (!isControl) this.inFlight++
  }

  /** @param due when it was meant to be sent. */
  end(isControl: boolean, { kind, due, outcome }: { kind: string; due: number; outcome: Outcome }): void {
    const total = performance.now() - due
    this.underWay--
    if (performance.now() >= this.#window.from) this.answers++
    if (!isControl) {
      this.inFlight--
      this.#inThisSecond(kind, total, outcome)
    }
    if (outcome.kind === 'foreign') this.foreignAnswers++
    if (due < this.#window.from || due >= this.#window.to) return
    this.#sum(isControl ? `relay ${kind}` : kind, total, outcome)
  }

  tick(at: number): TickParts {
    const parts = {
      at,
      users: this.users,
      inFlight: this.inFlight,
      openStreams: this.openStreams,
      ...this.#second,
      added: this.#added.parts(),
      lists: this.#lists.parts(),
    }
    Object.assign(this.#second, { answered: 0, failed: 0, refused: 0 })
    this.#added.clear()
    this.#lists.clear()
    return parts
  }

  kinds(): KindParts[] {
    return [...this.#kinds].map(([kind, { total, added, ...counts }]) => ({
      kind,
      ...counts,
      total: total.parts(),
      added: added.parts(),
    }))
  }

  failures(): FailureRow[] {
    return [...this.#failures.values()].map(({ row, count }) => ({ ...row, count }))
  }

  #inThisSecond(kind: string, total: number, outcome: Outcome): void {
    const counter = COUNTER[outcome.kind]
    this.#second[counter]++
    if (outcome.kind !== 'answered') return
    if (kind !== 'failing call') this.#added.add(total - outcome.tookMs)
    if (kind === 'list') this.#lists.add(total)
  }

  #sum(kind: string, total: number, outcome: Outcome): void {
    let tally = this.#kinds.get(kind)
    if (tally === undefined) {
      tally = { answered: 0, failed: 0, refused: 0, total: new Histogram(), added: new Histogram() }
      this.#kinds.set(kind, tally)
    }
    tally[COUNTER[outcome.kind]]++
    if (outcome.kind === 'answered') {
      tally.total.add(total)
      tally.added.add(total - outcome.tookMs)
    } else if (outcome.kind !== 'refused') this.#failed(kind, outcome)
  }

  #failed(kind: string, outcome: Exclude<Outcome, { kind: 'answered' | 'refused' }>): void {
    const reason = outcome.kind === 'foreign' ? "another caller's answer" : outcome.reason
    const key = `${kind} ${reason}`
    const known = this.#failures.get(key)
    if (known !== undefined) known.count++
    else this.#failures.set(key, { row: { kind, reason, count: 1, example: outcome.example }, count: 1 })
  }
}

const COUNTER = { answered: 'answered', refused: 'refused', failed: 'failed', foreign: 'failed' } as const
