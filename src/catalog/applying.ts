import type { ServerId } from '#/access/ids.ts'
import type { Pace } from '#/lib/pace.ts'
import type { CatalogEdit, ItemKind } from './edit.ts'
import type { CatalogReader } from './reader.ts'
import type { CatalogState } from './state.ts'

/** What the steps of one application share. */
export interface Applying {
  readonly state: CatalogState
  readonly reader: CatalogReader
  readonly edit: CatalogEdit
  readonly slice: Pace
  /** Virtual servers that have lost an item because the item is gone. */
  readonly losers: Set<ServerId>
}

/** Takes out an item that is gone, and remembers the virtual servers that it is gone from. */
export function drop({ edit, losers }: Applying, kind: ItemKind, id: string): void {
  for (const server of edit.serversWith(id)) losers.add(server as ServerId)
  edit.deleteItem(kind, id)
}
