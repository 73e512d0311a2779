import type { Effect, Subject } from '#/access/effects.ts'
import type { Cell } from './effect-cells.ts'

/** Which of all that is found is told. */
export interface Page {
  readonly offset: number
  readonly limit: number
}

/** Counts all that is found and keeps one page of it, in the order in which it is found. */
export class Tally {
  readonly gains: Effect[] = []
  readonly loses: Effect[] = []
  readonly totals = { gains: 0, loses: 0 }
  readonly #page: Page
  #found = 0

  constructor(page: Page) {
    this.#page = page
  }

  found(change: 'gains' | 'loses', subject: Subject, { items }: Cell): void {
    const { offset, limit } = this.#page
    const first = Math.max(offset - this.#found, 0)
    const room = limit - this.gains.length - this.loses.length
    for (const item of items.slice(first, first + room)) this[change].push({ ...subject, item })
    this.#found += items.length
    this.totals[change] += items.length
  }

  /** Where the next page begins; null: this was the last. */
  get next(): number | null {
    const { offset, limit } = this.#page
    return offset + limit < this.#found ? offset + limit : null
  }
}
