import { sql } from 'kysely'
import {
  LOCAL_GATEWAY_ID,
  type GatewayId,
  type PromptId,
  type ResourceId,
  type TeamId,
  type ToolId,
  type UserId,
} from '#/access/ids.ts'
import type { Visibility } from '#/access/principal.ts'

import type { CatalogPrompt, CatalogResource, CatalogTool, HttpBacking, ParamHeader } from '#/catalog/model.ts'
import type { ItemSource } from '#/catalog/reader.ts'
import { PAGE_ROWS, pageOf, sourceOf, type Asked, type Table } from './catalog-page.ts'
import type { Reader } from './store.ts'

const SHARED = [
  'id',
  'gateway_id',
  'enabled',
  'owner_id',
  'team_id',
  'visibility',
  'definition',
  'digest',
  'custom_title',
  'custom_description',
  'position',
] as const

interface SharedRow {
  readonly gateway_id: string | null
  readonly enabled: boolean
  readonly owner_id: string | null
  readonly team_id: string | null
  readonly visibility: Visibility
  readonly definition: string
  readonly digest: Buffer
  readonly custom_title: string | null
  readonly custom_description: string | null
  readonly position: number
}

const known = new Map<string, string>()

/** One string for all items that name the same gateway, owner or team, rather than one for each row. */
function shareId(id: string): string {
  const same = known.get(id)
  if (same !== undefined) return same
  if (known.size >= 10_000) known.clear()
  known.set(id, id)
  return id
}

const shared = (row: SharedRow) => ({
  gatewayId: row.gateway_id === null ? LOCAL_GATEWAY_ID : (shareId(row.gateway_id) as GatewayId),
  enabled: row.enabled,
  ownerId: row.owner_id === null ? null : (shareId(row.owner_id) as UserId),
  teamId: row.team_id === null ? null : (shareId(row.team_id) as TeamId),
  visibility: row.visibility,
  definition: row.definition,
  digest: row.digest.toString('hex'),
  customTitle: row.custom_title,
  customDescription: row.custom_description,
  position: row.position,
})

/** When it was declared, of what is declared here. */
const LOCAL_SINCE = sql<Date | null>`CASE WHEN gateway_id IS NULL THEN created_at END`.as('local_since')

const since = ({ local_since: since }: { readonly local_since: Date | null }) =>
  since !== null && { createdAt: since.getTime() }

interface Keyed {
  readonly id: string
  readonly gateway_id: string | null
}

/** `keys`: the columns that order the items of one gateway. */
function itemSource<Row extends Keyed, T, Id extends string>(
  table: Table<Row, T> & { readonly keys: readonly (string & keyof Row)[] },
): ItemSource<T, Id> {
  const { rows, toThing } = table
  const keys = ['gateway_id', ...table.keys] as const
  const order = sql.join(keys.map((key) => sql.ref(key)))
  const keyOf = (row: Row): string => JSON.stringify(keys.map((key) => row[key as keyof Row]))
  return {
    ...sourceOf<Row, T, Id>(table),
    ofGateways: async (gateways, after) => {
      const theirs = sql<boolean>`gateway_id = ANY(${gateways})`
      const at = after === null ? null : (JSON.parse(after) as readonly (string | boolean)[])
      const where = at === null ? theirs : sql<boolean>`${theirs} AND (${order}) > (${sql.join(at)})`
      return pageOf(await rows({ where, order }), keyOf, toThing)
    },
  }
}

export function toolSource(reader: Reader): ItemSource<CatalogTool, ToolId> {
  const rows = ({ where, order }: Asked) =>
    reader
      .selectFrom('tools')
      .select([...SHARED, 'name', 'original_name', 'param_headers', 'backing', 'credential', LOCAL_SINCE])
      .where(where)
      .$if(order !== null, (q) => q.orderBy(order ?? sql`id`).limit(PAGE_ROWS))
      .execute()
  type Row = Awaited<ReturnType<typeof rows>>[number]
  const toThing = (row: Row): CatalogTool => ({
    id: row.id as ToolId,
    name: row.name,
    originalName: row.original_name,
    paramHeaders: row.param_headers as readonly ParamHeader[] | null,
    ...shared(row),
    ...(row.backing !== null && { local: { backing: row.backing as HttpBacking, credential: row.credential } }),
    ...since(row),
  })
  return itemSource({ id: 'id', rows, toThing, keys: ['original_name'] })
}

export function promptSource(reader: Reader): ItemSource<CatalogPrompt, PromptId> {
  const rows = ({ where, order }: Asked) =>
    reader
      .selectFrom('prompts')
      .select([...SHARED, 'name', 'original_name', 'template', LOCAL_SINCE])
      .where(where)
      .$if(order !== null, (q) => q.orderBy(order ?? sql`id`).limit(PAGE_ROWS))
      .execute()
  type Row = Awaited<ReturnType<typeof rows>>[number]
  const toThing = (row: Row): CatalogPrompt => ({
    id: row.id as PromptId,
    name: row.name,
    originalName: row.original_name,
    ...shared(row),
    ...(row.template !== null && { local: row.template }),
    ...since(row),
  })
  return itemSource({ id: 'id', rows, toThing, keys: ['original_name'] })
}

export function resourceSource(reader: Reader): ItemSource<CatalogResource, ResourceId> {
  const rows = ({ where, order }: Asked) =>
    reader
      .selectFrom('resources')
      .select([...SHARED, 'is_template', 'uri', 'created_at', 'content'])
      .where(where)
      .$if(order !== null, (q) => q.orderBy(order ?? sql`id`).limit(PAGE_ROWS))
      .execute()
  type Row = Awaited<ReturnType<typeof rows>>[number]
  const toThing = (row: Row): CatalogResource => ({
    id: row.id as ResourceId,
    isTemplate: row.is_template,
    uri: row.uri,
    createdAt: row.created_at.getTime(),
    ...shared(row),
    ...(row.content === null ? {} : { local: row.content }),
  })
  return itemSource({ id: 'id', rows, toThing, keys: ['is_template', 'uri'] })
}
