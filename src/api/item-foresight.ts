import { LOCAL_GATEWAY_ID } from '#/access/ids.ts'
import type { ItemKind } from '#/access/otherwise.ts'
import type { Owned, Principal } from '#/access/principal.ts'
import type { Id } from '#/lib/ids.ts'
import { foreseen } from './dry-run.ts'
import type { Reply } from './endpoint.ts'
import type { ItemRoom } from './item-noun.ts'
import type { ItemChange, StoredItem } from './items.ts'

interface Foreseen<Item> {
  readonly item: Item
  /** null: it is deleted. */
  readonly to: (Partial<Pick<Owned, 'teamId' | 'visibility'>> & { readonly enabled?: boolean }) | null
}

/** What it would do to hide, show, switch or delete an item. */
export async function foreseeItem<K extends ItemKind, Item extends StoredItem<Id<K>>, Change extends ItemChange>(
  { noun, deps }: ItemRoom<K, Item, Change>,
  asking: Principal,
  { item, to }: Foreseen<Item>,
): Promise<Reply> {
  const { id, ownerId, teamId, visibility, enabled } = item
  const is = { id, kind: noun.kind, name: noun.nameOf(item), gatewayId: item.gatewayId ?? LOCAL_GATEWAY_ID }
  const then = to && { ...is, ownerId, teamId, visibility, enabled, ...to }
  return await foreseen(deps, { items: new Map([[id, then]]) }, { asking, kind: noun.kind })
}

/** What it would do to declare an item here. */
export async function foreseeNewItem<K extends ItemKind, Item extends StoredItem<Id<K>>, Change extends ItemChange>(
  { noun, deps }: ItemRoom<K, Item, Change>,
  asking: Principal,
  { id, key, place }: { readonly id: Id<K>; readonly key: string; readonly place: Owned },
): Promise<Reply> {
  const then = { id, kind: noun.kind, name: key, gatewayId: LOCAL_GATEWAY_ID, enabled: true, ...place }
  return await foreseen(deps, { items: new Map([[id, then]]) }, { asking, kind: noun.kind })
}
