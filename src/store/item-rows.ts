import { sql } from 'kysely'
import type { GatewayId, TeamId, UserId } from '#/access/ids.ts'
import type { Visibility } from '#/access/principal.ts'
import type { StoredItem } from '#/api/items.ts'
import type { Provenance } from '#/api/provenance.ts'
import type { Tag } from '#/api/tags.ts'
import { iso } from './columns.ts'

/** Columns that every item `i` has, as `select` takes them. */
export const ITEM_COLUMNS = [
  'i.id',
  'i.gateway_id',
  'i.definition',
  'i.custom_title',
  'i.custom_description',
  'i.enabled',
  'i.tags',
  'i.owner_id',
  'i.team_id',
  'i.visibility',
  'i.version',
  'i.created',
  'i.modified',
  'g.name as gateway_name',
  'g.slug as gateway_slug',
  'u.email',
] as const

export const itemTimes = () => [iso('i.created_at').as('created_at'), iso('i.updated_at').as('updated_at')] as const

/** Whether its gateway answers, for entities that say so. What has none answers by itself. */
export const reachable = () => sql<boolean>`(i.gateway_id IS NULL OR (g.enabled AND s.reachable))`.as('reachable')

export interface ItemRow extends HeldRow {
  readonly id: string
  readonly gateway_id: string | null
  readonly definition: string
  readonly custom_title: string | null
  readonly custom_description: string | null
  readonly enabled: boolean
  readonly gateway_name: string | null
  readonly gateway_slug: string | null
}

/** What every thing with an owner and a history shares. */
interface HeldRow {
  readonly tags: unknown
  readonly owner_id: string | null
  readonly email: string | null
  readonly team_id: string | null
  readonly visibility: Visibility
  readonly version: number
  readonly created_at: string
  readonly updated_at: string
  readonly created: unknown
  readonly modified: unknown
}

export const heldOf = (row: HeldRow) => ({
  tags: row.tags as readonly Tag[],
  ownerId: row.owner_id as UserId | null,
  ownerEmail: row.email,
  teamId: row.team_id as TeamId | null,
  visibility: row.visibility,
  version: row.version,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  created: row.created as Partial<Provenance>,
  modified: row.modified as Partial<Provenance>,
})

/** What items share, as the nouns know it. Casts are where the database's texts become our types. */
export function itemOf<ItemId extends string>(row: ItemRow): StoredItem<ItemId> {
  return {
    id: row.id as ItemId,
    gatewayId: row.gateway_id as GatewayId | null,
    gatewayName: row.gateway_name,
    gatewaySlug: row.gateway_slug,
    definition: row.definition,
    customTitle: row.custom_title,
    customDescription: row.custom_description,
    enabled: row.enabled,
    ...heldOf(row),
  }
}
