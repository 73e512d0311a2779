import type { ItemKind, OfferedThing } from './otherwise.ts'

/** Who gains or loses the use of what: by itself, with one of its tokens, or at a virtual server. */
export interface Subject {
  readonly user: string
  readonly tokenId: string | null
  readonly server: { readonly id: string; readonly name: string } | null
}

export interface Effect extends Subject {
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
