import type { Static } from 'typebox'
import { Type } from './type.ts'
import type { Owned, Principal, VisibilityClass } from '#/access/principal.ts'
import type { Sight } from '#/access/visibility.ts'
import type { GatewayId, ServerId, UserId } from '#/access/ids.ts'
import type { Actor, Changed, WriteTo } from './actor.ts'
import type { Totals } from './call-totals.ts'
import { DryRunQuery } from './dry-run.ts'
import type { Idempotency } from './endpoint.ts'
import type { Remembered } from './idempotency.ts'
import { PagingQuery, type Page, type PageRequest } from './paging.ts'
import type { PlaceReader } from './placed.ts'
import type { Provenance } from './provenance.ts'
import { tagFilter, TagsInput, type Tag } from './tags.ts'

/** What tools, prompts and resources have in common. Times are ISO 8601 with microseconds. */
export interface StoredItem<ItemId extends string> extends Owned {
  readonly id: ItemId
  /** null: no upstream offers it; it is declared here. */
  readonly gatewayId: GatewayId | null
  readonly gatewayName: string | null
  readonly gatewaySlug: string | null
  /** The server's own JSON, or what stands in its place for what is declared here. */
  readonly definition: string
  readonly customTitle: string | null
  readonly customDescription: string | null
  readonly enabled: boolean
  readonly tags: readonly Tag[]
  readonly ownerEmail: string | null
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly created: Partial<Provenance>
  readonly modified: Partial<Provenance>
}

/** What an operator changes of any item; what is left out stays. */
export interface ItemChange {
  readonly definition?: string
  readonly customTitle?: string | null
  readonly customDescription?: string | null
  readonly tags?: readonly Tag[]
  readonly visibility?: Owned['visibility']
  readonly teamId?: Owned['teamId']
  readonly enabled?: boolean
}

/** An item that is declared here. */
export interface NewItem<ItemId extends string, Change> {
  readonly id: ItemId
  /** Its first state, as if everything about it were changed. */
  readonly columns: Change
  readonly idempotency: Idempotency | null
}

/** What an item is called by, as far as others must not be called so. */
export interface NamesOf {
  /** By clients of the aggregate. */
  readonly name?: string | undefined
  /** Among what is declared here: a name, or a URI. */
  readonly key?: string | undefined
}

export interface ItemReader<Item, ItemId extends string> extends ServerOwners, PlaceReader<ItemId> {
  page(request: PageRequest, filter: ItemFilter): Promise<Page<Item>>
  /** undefined: there is none, or it is not seen by these. Which of the two is decided before anything of it is read. */
  seen(id: ItemId, by: VisibilityClass): Promise<Item | undefined>
  /** For what is known to be seen. */
  byId(id: ItemId): Promise<Item | undefined>
  /** Another item that is seen and goes by one of these names. */
  namesake(names: NamesOf, of: { readonly sight: Sight; readonly except: ItemId }): Promise<Item | undefined>
  remembered(userId: UserId, key: string): Promise<Remembered | undefined>
  /** What was counted of these, by id; those that were never called are not there. */
  totals(ids: readonly string[]): Promise<ReadonlyMap<string, Totals>>
}

export interface ItemWriter<ItemId extends string, Change> {
  /** Throws `conflict` with the constraint in its data where its name, its URI or the idempotency key is taken. */
  create(item: NewItem<ItemId, Change>, actor: Actor): Promise<Changed>
  /** undefined: no such item, or another version. Throws `conflict` where the new name is taken. */
  update(id: ItemId, change: Change, to: WriteTo): Promise<Changed | undefined>
  remove(id: ItemId, to: WriteTo): Promise<Changed | undefined>
  /** Forgets what was counted of it. */
  purge(id: ItemId): Promise<void>
}

export const VisibilityInput = Type.Union([Type.Literal('private'), Type.Literal('team'), Type.Literal('public')])

/** The team that a thing is for. */
export const TeamInput = Type.Optional(
  Type.Union([Type.String({ maxLength: 64 }), Type.Null()], { description: 'Id of the team that it belongs to' }),
)

/** The filters of a list of items. */
export const ItemQuery = Type.Object({
  ...PagingQuery,
  tags: Type.Optional(Type.String({ description: 'Comma list; any of them' })),
  visibility: Type.Optional(VisibilityInput),
  team_id: Type.Optional(Type.String()),
  gateway_id: Type.Optional(
    Type.String({ description: 'Comma list of gateways; `null`: what is declared here and has none' }),
  ),
})

/** The filters of a list of what a virtual server offers. */
export const ServerItemQuery = Type.Object({
  ...ItemQuery.properties,
  include_metrics: Type.Optional(Type.Boolean({ description: 'With what was counted of each' })),
})

/** Where lists of what a virtual server offers look whether that server may be seen at all. */
export interface ServerOwners {
  serverOwner(id: ServerId): Promise<Owned | undefined>
}

/** False: whatever is asked about this server is answered as if there were none. */
export async function seesServer(store: ServerOwners, id: ServerId, { visibilityClass }: Principal): Promise<boolean> {
  const server = await store.serverOwner(id)
  return server !== undefined && visibilityClass.sees(server)
}

export interface ItemFilter {
  readonly tags: readonly string[] | null
  readonly visibility: string | null
  readonly teamId: string | null
  /** null among them: without a gateway. */
  readonly gatewayIds: readonly (string | null)[] | null
  /** Only what this virtual server offers. */
  readonly serverId: string | null
  /** Of resources: templates, or the others. */
  readonly templates?: boolean
}

export function itemFilter(query: Static<typeof ItemQuery>, serverId: string | null = null): ItemFilter {
  const gateways = query.gateway_id?.split(',').map((id) => id.trim())
  return {
    tags: tagFilter(query.tags),
    visibility: query.visibility ?? null,
    teamId: query.team_id ?? null,
    gatewayIds: gateways?.map((id) => (id === 'null' ? null : id)) ?? null,
    serverId,
  }
}

export const OptionalText = (maxLength: number, description?: string) =>
  Type.Optional(Type.Union([Type.String({ maxLength }), Type.Null()], description === undefined ? {} : { description }))

/** What an operator may say of any item in place of what its server says; null: the server's own again. */
export const ItemUpdateFields = {
  title: OptionalText(255),
  description: OptionalText(8192),
  tags: Type.Optional(TagsInput),
  visibility: Type.Optional(VisibilityInput),
  teamId: TeamInput,
}

export const StateQuery = Type.Object({
  activate: Type.Optional(Type.Boolean({ default: true })),
  ...DryRunQuery,
})
export const PurgeQuery = Type.Object({
  ...DryRunQuery,
  purge_metrics: Type.Optional(Type.Boolean({ description: 'Forget what was counted of it, too' })),
})
export const Deleted = Type.Object({ status: Type.String(), message: Type.String() }, { title: 'Deleted' })
