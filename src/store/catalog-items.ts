import type { GatewayId, PromptId, ResourceId, TeamId, ToolId, UserId } from '#/access/ids.ts'
import type { Visibility } from '#/access/principal.ts'
import type { CatalogPrompt, CatalogResource, CatalogTool, ParamHeader } from '#/catalog/model.ts'
import type { ItemSource } from '#/catalog/reader.ts'
import { PAGE_ROWS, pageOf } from './catalog-page.ts'
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
  readonly gateway_id: string
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
  gatewayId: shareId(row.gateway_id) as GatewayId,
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

export function toolSource(reader: Reader): ItemSource<CatalogTool, ToolId> {
  const rows = () => reader.selectFrom('tools').select([...SHARED, 'name', 'original_name', 'param_headers'])
  type Row = Awaited<ReturnType<ReturnType<typeof rows>['executeTakeFirstOrThrow']>>
  const toTool = (row: Row): CatalogTool => ({
    id: row.id as ToolId,
    name: row.name,
    originalName: row.original_name,
    paramHeaders: row.param_headers as readonly ParamHeader[] | null,
    ...shared(row),
  })
  return {
    page: async (after) => {
      const found = await rows()
        .where('id', '>', after ?? '')
        .orderBy('id')
        .limit(PAGE_ROWS)
        .execute()
      return pageOf(found, (row) => row.id, toTool)
    },
    byIds: async (ids) => (await rows().where('id', 'in', ids).execute()).map(toTool),
    ofGateways: async (gateways, after) => {
      const all = rows().where('gateway_id', 'in', gateways)
      const at = after === null ? null : (JSON.parse(after) as [gateway: string, name: string])
      const rest =
        at === null ? all : all.where((to) => to(to.refTuple('gateway_id', 'original_name'), '>', to.tuple(...at)))
      const found = await rest.orderBy('gateway_id').orderBy('original_name').limit(PAGE_ROWS).execute()
      return pageOf(found, (row) => JSON.stringify([row.gateway_id, row.original_name]), toTool)
    },
  }
}

export function promptSource(reader: Reader): ItemSource<CatalogPrompt, PromptId> {
  const rows = () => reader.selectFrom('prompts').select([...SHARED, 'name', 'original_name'])
  type Row = Awaited<ReturnType<ReturnType<typeof rows>['executeTakeFirstOrThrow']>>
  const toPrompt = (row: Row): CatalogPrompt => ({
    id: row.id as PromptId,
    name: row.name,
    originalName: row.original_name,
    ...shared(row),
  })
  return {
    page: async (after) => {
      const found = await rows()
        .where('id', '>', after ?? '')
        .orderBy('id')
        .limit(PAGE_ROWS)
        .execute()
      return pageOf(found, (row) => row.id, toPrompt)
    },
    byIds: async (ids) => (await rows().where('id', 'in', ids).execute()).map(toPrompt),
    ofGateways: async (gateways, after) => {
      const all = rows().where('gateway_id', 'in', gateways)
      const at = after === null ? null : (JSON.parse(after) as [gateway: string, name: string])
      const rest =
        at === null ? all : all.where((to) => to(to.refTuple('gateway_id', 'original_name'), '>', to.tuple(...at)))
      const found = await rest.orderBy('gateway_id').orderBy('original_name').limit(PAGE_ROWS).execute()
      return pageOf(found, (row) => JSON.stringify([row.gateway_id, row.original_name]), toPrompt)
    },
  }
}

export function resourceSource(reader: Reader): ItemSource<CatalogResource, ResourceId> {
  const rows = () => reader.selectFrom('resources').select([...SHARED, 'is_template', 'uri', 'created_at'])
  type Row = Awaited<ReturnType<ReturnType<typeof rows>['executeTakeFirstOrThrow']>>
  const toResource = (row: Row): CatalogResource => ({
    id: row.id as ResourceId,
    isTemplate: row.is_template,
    uri: row.uri,
    createdAt: row.created_at.getTime(),
    ...shared(row),
  })
  const keyOf = (row: Row): string => JSON.stringify([row.gateway_id, row.is_template, row.uri])
  return {
    page: async (after) => {
      const found = await rows()
        .where('id', '>', after ?? '')
        .orderBy('id')
        .limit(PAGE_ROWS)
        .execute()
      return pageOf(found, (row) => row.id, toResource)
    },
    byIds: async (ids) => (await rows().where('id', 'in', ids).execute()).map(toResource),
    ofGateways: async (gateways, after) => {
      const all = rows().where('gateway_id', 'in', gateways)
      const at = after === null ? null : (JSON.parse(after) as [gateway: string, isTemplate: boolean, uri: string])
      const rest =
        at === null ? all : all.where((to) => to(to.refTuple('gateway_id', 'is_template', 'uri'), '>', to.tuple(...at)))
      const found = await rest.orderBy('gateway_id').orderBy('is_template').orderBy('uri').limit(PAGE_ROWS).execute()
      return pageOf(found, keyOf, toResource)
    },
  }
}
