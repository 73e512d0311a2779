import { Type, type Static } from 'typebox'
import type { Owned, Principal } from '#/access/principal.ts'
import type { GatewayId, ServerId } from '#/access/ids.ts'
import { PagingQuery } from './paging.ts'
import type { Provenance } from './provenance.ts'
import { tagFilter, TagsInput, type Tag } from './tags.ts'

/** What tools, prompts and resources of an upstream have in common. Times are ISO 8601 with microseconds. */
export interface StoredItem<ItemId extends string> extends Owned {
  readonly id: ItemId
  readonly gatewayId: GatewayId
  readonly gatewayName: string
  readonly gatewaySlug: string
  /** The server's own JSON. */
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

export const VisibilityInput = Type.Union([Type.Literal('private'), Type.Literal('team'), Type.Literal('public')])

/** The filters of a list of items. */
export const ItemQuery = Type.Object({
  ...PagingQuery,
  tags: Type.Optional(Type.String({ description: 'Comma list; any of them' })),
  visibility: Type.Optional(VisibilityInput),
  team_id: Type.Optional(Type.String()),
  gateway_id: Type.Optional(Type.String({ description: 'Comma list of gateways' })),
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
  readonly gatewayIds: readonly string[] | null
  /** Only what this virtual server offers. */
  readonly serverId: string | null
}

export function itemFilter(query: Static<typeof ItemQuery>, serverId: string | null = null): ItemFilter {
  return {
    tags: tagFilter(query.tags),
    visibility: query.visibility ?? null,
    teamId: query.team_id ?? null,
    gatewayIds: query.gateway_id?.split(',').map((id) => id.trim()) ?? null,
    serverId,
  }
}

const Text = (maxLength: number) => Type.Optional(Type.Union([Type.String({ maxLength }), Type.Null()]))

/** What an operator may say of any item in place of what its server says; null: the server's own again. */
export const ItemUpdateFields = {
  title: Text(255),
  description: Text(8192),
  tags: Type.Optional(TagsInput),
  visibility: Type.Optional(VisibilityInput),
}

export const StateQuery = Type.Object({ activate: Type.Optional(Type.Boolean({ default: true })) })
export const Deleted = Type.Object({ status: Type.String(), message: Type.String() }, { title: 'Deleted' })
