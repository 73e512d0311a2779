import type { CursorKey } from './cursor.ts'
import type { AnyItem, ServerItem } from './model.ts'
import { nameIn } from './names.ts'
import type { Scope } from './snapshot.ts'

/** One line of a list: the item, and what the scope says of it in place of its own definition. */
export interface Line {
  readonly item: AnyItem
  readonly name: string | undefined
  readonly description: string | null
}

/** A few hundred neighbours of a list. The same key stands for the same lines, so the bytes made of them stay good. */
export interface Stretch {
  readonly key: string
  readonly size: number
  /** Where the walk enters it. */
  readonly start: number
  line(index: number): Line | undefined
  /** Where a page that ends with this line ends. */
  cursor(index: number): CursorKey
}

export function lineOf(scope: Scope['kind'], item: AnyItem, entry: ServerItem | undefined): Line {
  return { item, name: nameIn(scope, item, entry), description: entry?.description ?? item.customDescription }
}
