import { sql } from 'kysely'
import type { GatewayId, PromptId, ResourceId, ServerId, TeamId, ToolId, UserId } from '#/access/ids.ts'
import type { Visibility } from '#/access/principal.ts'
import type { CatalogGateway, CatalogServer, ServerItem } from '#/catalog/model.ts'
import type { Source } from '#/catalog/reader.ts'
import type { Era, Revision } from '#/mcp/revision.ts'
import type { HttpVersion, Transport } from '#/mcp/transport.ts'
import type { SealedLaunch, Sharing } from '#/stdio/launch.ts'
import { PAGE_ROWS, sourceOf, type Asked } from './catalog-page.ts'
import type { Reader } from './store.ts'

interface OwnedRow {
  readonly owner_id: string | null
  readonly team_id: string | null
  readonly visibility: Visibility
}

const owned = (row: OwnedRow) => ({
  ownerId: row.owner_id as UserId | null,
  teamId: row.team_id as TeamId | null,
  visibility: row.visibility,
})

interface StdioRow {
  readonly id: string
  readonly version: number
  readonly command: string | null
  readonly args: unknown
  readonly env: string | null
  readonly cwd: string | null
  readonly sharing: string | null
}

function stdioOf({ id, version, command, args, env, cwd, sharing }: StdioRow): SealedLaunch | null {
  if (command === null) return null
  return {
    gatewayId: id,
    version,
    trial: false,
    command,
    args: args as string[],
    env,
    cwd,
    sharing: sharing as Sharing,
  }
}

// eslint-disable-next-line typescript/explicit-function-return-type
function gatewayRows(reader: Reader) {
  return reader
    .selectFrom('gateways as g')
    .leftJoin('gateway_states as s', 's.gateway_id', 'g.id')
    .select(['g.id', 'g.name', 'g.slug', 'g.url', 'g.enabled', 'g.owner_id', 'g.team_id', 'g.visibility'])
    .select([
      'g.credential',
      'g.passthrough_headers',
      'g.ca_certificate',
      'g.client_cert',
      'g.client_key',
      'g.http_version',
      'g.timeout_ms',
      'g.version',
      'g.created_at',
      'g.command',
      'g.args',
      'g.env',
      'g.cwd',
      'g.sharing',
    ])
    .select(['s.reachable', 's.era', 's.revision', 's.stateful', 's.capabilities', 's.server_info', 's.instructions'])
    .select((from) => from.fn.coalesce('g.transport', 's.transport').as('transport'))
}

type GatewayRow = Awaited<ReturnType<ReturnType<typeof gatewayRows>['executeTakeFirstOrThrow']>>

function toGateway(row: GatewayRow): CatalogGateway {
  return {
    id: row.id as GatewayId,
    name: row.name,
    slug: row.slug,
    url: row.url,
    stdio: stdioOf(row),
    transport: row.transport as Transport | null,
    enabled: row.enabled,
    reachable: row.reachable ?? false,
    credential: row.credential,
    passthroughHeaders: row.passthrough_headers as readonly string[],
    caCertificate: row.ca_certificate,
    clientCert: row.client_cert,
    clientKey: row.client_key,
    httpVersion: row.http_version as HttpVersion | null,
    timeoutMs: row.timeout_ms,
    era: row.era as Era | null,
    revision: row.revision as Revision | null,
    stateful: row.stateful ?? false,
    capabilities: row.capabilities,
    serverInfo: row.server_info,
    instructions: row.instructions,
    version: row.version,
    createdAt: row.created_at.getTime(),
    ...owned(row),
  }
}

export function gatewaySource(reader: Reader): Source<CatalogGateway, GatewayId> {
  const rows = ({ where, order }: Asked) =>
    gatewayRows(reader)
      .where(where)
      .$if(order !== null, (q) => q.orderBy(order ?? sql`g.id`).limit(PAGE_ROWS))
      .execute()
  return sourceOf({ id: 'g.id', rows, toThing: toGateway })
}

type ItemKind = 'tool' | 'prompt' | 'resource'
type ItemJson = readonly [ItemKind, string, string | null, string | null, number]

/** The items travel with their server, so that both are of one moment. */
export function serverSource(reader: Reader): Source<CatalogServer, ServerId> {
  const rows = () =>
    reader
      .selectFrom('servers as v')
      .select(['v.id', 'v.name', 'v.description', 'v.enabled', 'v.owner_id', 'v.team_id', 'v.visibility', 'v.version'])
      .select(
        sql<readonly ItemJson[]>`(
          SELECT coalesce(json_agg(json_build_array(i.kind, coalesce(i.tool_id, i.prompt_id, i.resource_id), i.name,
            i.description, i.position)), '[]'::json) FROM server_items AS i WHERE i.server_id = v.id)`.as('items'),
      )
  type Row = Awaited<ReturnType<ReturnType<typeof rows>['executeTakeFirstOrThrow']>>
  const toServer = (row: Row): CatalogServer => ({
    id: row.id as ServerId,
    name: row.name,
    description: row.description,
    enabled: row.enabled,
    tools: itemsOf<ToolId>(row.items, 'tool'),
    prompts: itemsOf<PromptId>(row.items, 'prompt'),
    resources: itemsOf<ResourceId>(row.items, 'resource'),
    version: row.version,
    ...owned(row),
  })
  return {
    page: async (after) => {
      const found = await rows()
        .where('v.id', '>', after ?? '')
        .orderBy('v.id')
        .limit(SERVERS_MAX)
        .execute()
      const last = found.length === SERVERS_MAX ? found.at(-1) : undefined
      return { items: found.map(toServer), next: last?.id ?? null }
    },
    byIds: async (ids) => (await rows().where('v.id', 'in', ids).execute()).map(toServer),
  }
}

/** Each brings its items along. */
const SERVERS_MAX = 20

function itemsOf<Id extends string>(items: readonly ItemJson[], kind: ItemKind): readonly ServerItem<Id>[] {
  return items
    .filter(([of]) => of === kind)
    .map(([, id, name, description, position]) => ({ id: id as Id, name, description, position }))
    .toSorted((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1))
}
