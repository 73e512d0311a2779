import type { Grant } from '#/access/allow.ts'
import type { Permission } from '#/access/permissions.ts'
import { newPlace, type AskedPlace } from '#/access/place.ts'
import type { Owned } from '#/access/principal.ts'
import type { Id } from '#/lib/ids.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { actorOf, type Changed } from './actor.ts'
import { foreseen, writerFor } from './dry-run.ts'
import type { Idempotency, Reply, RequestContext } from './endpoint.ts'
import { repeatedTarget } from './idempotency.ts'
import { foreseeNewItem } from './item-foresight.ts'
import { refuseNames } from './item-naming.ts'
import { nameTaken } from './name-taken.ts'
import { settledItem, tagged, type ItemRoom } from './item-noun.ts'
import type { ItemChange, StoredItem } from './items.ts'

export interface MakeItem<K extends string, Change> {
  readonly id: Id<K>
  readonly columns: Change
  /** What must be unique among what is declared here. */
  readonly key: string
  readonly asked: {
    readonly query: { readonly dry_run?: boolean }
    readonly body: AskedPlace
    readonly grant: Grant<Permission, null>
    readonly idempotency: Idempotency | null
    readonly request: RequestContext
  }
}

type Kind = 'tool' | 'prompt' | 'resource'

/** Declares an item here, where its maker may. A key that was used before gives what it made then. */
export async function makeItem<K extends Kind, Item extends StoredItem<Id<K>>, Change extends ItemChange>(
  room: ItemRoom<K, Item, Change>,
  made: MakeItem<K, Change>,
): Promise<Reply> {
  const { noun, deps } = room
  const { principal } = made.asked.grant
  const isDry = made.asked.query.dry_run === true
  const place = newPlace(principal, `${noun.kind}s.create`, made.asked.body)
  const { item, changed } = await written(room, made, place)
  if (item !== undefined)
    return isDry ? await foreseen(deps, {}, { asking: principal, kind: noun.kind }) : tagged(noun, item)
  if (isDry) return await foreseeNewItem(room, principal, { ...made, place })
  return tagged(noun, await settledItem(room, made.id, changed))
}

/** What a write came to; `item`: the same request made it before. */
interface Written<Item> {
  readonly item?: Item
  readonly changed?: Changed
}

async function written<K extends Kind, Item extends StoredItem<Id<K>>, Change extends ItemChange>(
  room: ItemRoom<K, Item, Change>,
  { id, columns, key, asked }: MakeItem<K, Change>,
  { teamId, visibility }: Owned,
): Promise<Written<Item>> {
  const { noun, deps } = room
  const { grant, idempotency, request, query } = asked
  const before = await earlier(room, asked)
  if (before !== undefined) return { item: before }
  await refuseNames(room, { id, columns, key }, grant.principal)
  const item = { id, columns: { ...columns, teamId, visibility }, idempotency }
  try {
    return { changed: await writerFor(deps, query).create(item, actorOf(grant.principal, request)) }
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'conflict') throw error
    // The same request may have run beside this one: the winner's item is the answer to both.
    const winner = await earlier(room, asked)
    if (winner !== undefined) return { item: winner }
    throw nameTaken(noun.kind === 'resource' ? 'uri' : 'name', error)
  }
}

async function earlier<K extends Kind, Item extends StoredItem<Id<K>>, Change extends ItemChange>(
  { noun, deps }: ItemRoom<K, Item, Change>,
  { grant, idempotency }: MakeItem<K, Change>['asked'],
): Promise<Item | undefined> {
  if (idempotency === null) return undefined
  const target = repeatedTarget(await deps.store.remembered(grant.principal.userId, idempotency.key), idempotency)
  if (target === undefined || !noun.ids.is(target)) return undefined
  const item = await deps.store.byId(target)
  if (item === undefined)
    throw new GatewayError('not_found', 'what this Idempotency-Key made has been deleted since; use a new key')
  return item
}
