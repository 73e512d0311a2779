import type { AskedPlace } from '#/access/place.ts'
import type { Permission } from '#/access/permissions.ts'
import type { Principal } from '#/access/principal.ts'
import type { Id } from '#/lib/ids.ts'
import { actorOf } from './actor.ts'
import { writerFor } from './dry-run.ts'
import type { Reply, RequestContext } from './endpoint.ts'
import { foreseeItem } from './item-foresight.ts'
import { chosenName, refuseRenaming } from './item-naming.ts'
import { itemFor, settledItem, tagged, type ItemRoom } from './item-noun.ts'
import type { ItemChange, StoredItem } from './items.ts'
import { placeChange } from './place.ts'

type Kind = 'tool' | 'prompt' | 'resource'

interface Asked {
  readonly params: { readonly id: string }
  readonly query: { readonly dry_run?: boolean }
  readonly body: AskedPlace
  readonly principal: Principal
  readonly ifMatch: number | null
  readonly request: RequestContext
}

const ATTEMPTS = 8

/**
 * A change that is made from what is there, written over the version that it was made from: a race with another writer is run again
 * unless the client said If-Match. `said` is what the body says of an item, but for where it stands.
 */
export async function changeItem<K extends Kind, Item extends StoredItem<Id<K>>, Change extends ItemChange>(
  room: ItemRoom<K, Item, Change>,
  { params, query, body, principal, ifMatch, request }: Asked,
  said: (item: Item) => Change | Promise<Change>,
): Promise<Reply> {
  const { noun, deps } = room
  const permission: Permission = `${noun.kind}s.update`
  const writer = writerFor(deps, query)
  for (let attempt = 1; ; attempt++) {
    const item = await itemFor(room, params.id, [principal, permission])
    const place = placeChange(principal, permission, { item, body })
    const change = { ...(await said(item)), ...place }
    await refuseRenaming(room, { item, change }, principal)
    const to = { ifMatch: ifMatch ?? item.version, actor: actorOf(principal, request) }
    const changed = await chosenName(noun.kind, writer.update(item.id, change, to))
    if (changed === undefined && ifMatch === null && attempt < ATTEMPTS) continue
    const after = await settledItem(room, item.id, changed)
    return query.dry_run === true ? await foreseeItem(room, principal, { item, to: place }) : tagged(noun, after)
  }
}
