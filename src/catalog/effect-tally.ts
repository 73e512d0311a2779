import type { ItemKind, OfferedThing } from '#/access/otherwise.ts'
import type { Cell } from './effect-cells.ts'

/** Who gains or loses the use of what: by itself, with one of its tokens, or at a virtual server. */
export interface Subject {
  readonly user: string
  readonly tokenId: string | null
  readonly server: { readonly id: string; readonly name: string } | null
}

interface Effect extends Subject {
  readonly item: OfferedThing
}

/** Who can use what besides, and who no longer. */
export interface Effects {
  readonly kind: ItemKind
  readonly gains: readonly Effect[]
  readonly loses: readonly Effect[]
  /** Of all pages. */
  readonly totals: { readonly gains: number; readonly loses: number }
  /** What changes for people whom the asking principal does not know: counted, not told. */
  readonly unnamed: number
  /** Users whose access was compared. */
  readonly users: number
  /** Where the next page begins; null: this was the last. */
  readonly next: number | null
  /** So many are concerned that not all of them were asked about. */
  readonly isCut: boolean
}

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
