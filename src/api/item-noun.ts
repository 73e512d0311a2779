import type { TSchema } from 'typebox'
import { allow } from '#/access/allow.ts'
import type { Permission } from '#/access/permissions.ts'
import type { Principal } from '#/access/principal.ts'
import type { Id, IdKind } from '#/lib/ids.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Changed } from './actor.ts'
import { etagOf, preconditionFailed } from './conditional.ts'
import type { Foresee } from './dry-run.ts'
import type { Reply } from './endpoint.ts'
import type { ItemChange, ItemReader, ItemWriter, StoredItem } from './items.ts'
import { idOf } from './params.ts'
import { refuseFirst } from './placed.ts'

type Kind = 'tool' | 'prompt' | 'resource'

/** What is peculiar to tools, to prompts or to resources where all three are treated alike. */
export interface ItemNoun<K extends Kind, Item extends StoredItem<Id<K>>> {
  readonly kind: K
  readonly ids: IdKind<Id<K>>
  readonly view: (item: Item) => Record<string, unknown>
  readonly schema: TSchema
  /** The path of what is stored of one: `/tools/{id}`, `/prompts/{id}/info`. */
  readonly info: `/${K}s/{id}${'' | '/info'}`
  readonly deleted: (id: Id<K>) => string
  /** What it goes by. */
  readonly nameOf: (item: Item) => string
}

export interface ItemDeps<K extends Kind, Item, Change extends ItemChange> {
  readonly store: ItemReader<Item, Id<K>> & ItemWriter<Id<K>, Change>
  /** Takes back what it writes. */
  readonly rehearsal: ItemWriter<Id<K>, Change>
  /** Answers what a change would do. */
  readonly foresee: Foresee
  readonly settled: (seq: number | null) => Promise<void>
}

/** One kind of item with what its routes need: how its things are found, shown and awaited. */
export interface ItemRoom<K extends Kind, Item extends StoredItem<Id<K>>, Change extends ItemChange> {
  readonly noun: ItemNoun<K, Item>
  readonly deps: ItemDeps<K, Item, Change>
}

/** `Tool`, as messages begin. */
export const titleOf = (kind: Kind): string => kind.slice(0, 1).toUpperCase() + kind.slice(1)

export function tagged<K extends Kind, Item extends StoredItem<Id<K>>>(noun: ItemNoun<K, Item>, item: Item): Reply {
  return { headers: { etag: etagOf(item.version) }, body: noun.view(item) }
}

/** The item, where the principal may see it and do this with it. */
export async function itemFor<K extends Kind, Item extends StoredItem<Id<K>>, Change extends ItemChange>(
  { noun, deps }: ItemRoom<K, Item, Change>,
  given: string,
  [principal, permission]: readonly [Principal, Permission],
): Promise<Item> {
  const id = idOf(noun.ids, given, titleOf(noun.kind))
  await refuseFirst(deps.store, { id, principal, permission, absent: () => absent(noun.kind, id) })
  const item = await deps.store.seen(id, principal.visibilityClass)
  if (item === undefined || !principal.visibilityClass.sees(item)) throw absent(noun.kind, id)
  return allow(principal, permission, item).target
}

/** The item as it is after a write; a write that hit nothing is told as what it is. */
export async function settledItem<K extends Kind, Item extends StoredItem<Id<K>>, Change extends ItemChange>(
  { noun, deps }: ItemRoom<K, Item, Change>,
  id: Id<K>,
  changed: Changed | undefined,
): Promise<Item> {
  if (changed !== undefined) await deps.settled(changed.seq)
  const item = await deps.store.byId(id)
  if (item === undefined) throw absent(noun.kind, id)
  if (changed === undefined) throw preconditionFailed(`the ${noun.kind}`, item.version, noun.view(item))
  return item
}

function absent(kind: Kind, id: string): GatewayError {
  return new GatewayError('not_found', `${titleOf(kind)} not found: ${id}`)
}
