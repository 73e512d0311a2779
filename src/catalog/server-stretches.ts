import type { CursorKey } from './cursor.ts'
import type { AnyItem, ServerItem } from './model.ts'
import { PIECE } from './server-part.ts'
import type { ListKind } from './snapshot.ts'
import type { CatalogState, ServerList } from './state.ts'
import { lineOf, type Line, type Stretch } from './line.ts'

/** A virtual server's list in the order that it was given. */
export function* serverStretches(
  state: CatalogState,
  list: ServerList,
  { kind, after }: { readonly kind: ListKind; readonly after: CursorKey | null },
): Generator<Stretch> {
  const from = after === null ? 0 : placeAfter(list, after)
  for (let piece = Math.floor(from / PIECE); piece < list.pieces.length; piece++) {
    const first = piece * PIECE
    const entryAt = (index: number): ServerItem => list.items[first + index] as ServerItem
    yield {
      key: `${kind}:${list.pieces[piece]}`,
      size: Math.min(PIECE, list.items.length - first),
      start: Math.max(0, from - first),
      line: (index) => lineAt(state, { kind, entry: entryAt(index) }),
      cursor: (index) => {
        const { position, id } = entryAt(index)
        return { position, id, key: '', gatewayId: '', gatewayCreatedAt: 0 }
      },
    }
  }
}

/** Behind the item that the cursor names, or behind where it stood. */
function placeAfter({ items, places }: ServerList, after: CursorKey): number {
  const place = places.get(after.id)
  if (place !== undefined) return place + 1
  const next = items.findIndex(
    ({ position, id }) => position > after.position || (position === after.position && id > after.id),
  )
  return next === -1 ? items.length : next
}

function lineAt(
  state: CatalogState,
  { kind, entry }: { readonly kind: ListKind; readonly entry: ServerItem },
): Line | undefined {
  if (kind === 'resources' || kind === 'resourceTemplates') {
    const item = state.resources.byId.get(entry.id)
    return item?.isTemplate === (kind === 'resourceTemplates') ? lineOf('server', item, entry) : undefined
  }
  const item: Exclude<AnyItem, { isTemplate: boolean }> | undefined = state[kind].byId.get(entry.id)
  return item && lineOf('server', item, entry)
}
