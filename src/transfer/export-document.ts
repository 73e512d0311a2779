import type { Principal } from '#/access/principal.ts'
import { requireUnrestricted } from '#/access/unrestricted.ts'
import { NEWEST_LEGACY } from '#/mcp/revision.ts'
import { hasTag, readAllTools, readType, type Everything, type Reading } from './entities.ts'
import {
  gatewayEntity,
  promptEntity,
  resourceEntity,
  serverEntity,
  toolEntity,
  type Secrets,
} from './export-entities.ts'
import type { Entity, EntityType, TransferDeps } from './transfer.ts'

export interface ExportOptions {
  readonly types: readonly EntityType[]
  readonly tags: readonly string[] | null
  readonly includeInactive: boolean
  readonly includeDependencies: boolean
  /** Ids (or names, or URIs) by type: only these. null: everything of the types. */
  readonly selections: Readonly<Partial<Record<EntityType, readonly string[]>>> | null
}

export interface Exporter {
  readonly principal: Principal
  /** Where this gateway was asked. */
  readonly source: string
  readonly secret: string | null
}

/** What there is, in the form in which such gateways exchange it. */
export async function exportDocument(
  { stores, opener }: TransferDeps,
  { principal, source, secret }: Exporter,
  options: ExportOptions,
): Promise<Record<string, unknown>> {
  // Roots say where servers may work, and credentials can be read nowhere else.
  if (secret !== null || options.types.includes('roots')) requireUnrestricted(principal)
  const reading = { principal, includeInactive: options.includeInactive || options.selections !== null }
  const all = await readTypes(stores, reading, options.types)
  const names = options.types.includes('servers') ? await readAllTools(stores, reading) : []
  const toolNames = new Map(names.map(({ id, name }): [string, string] => [id, name]))
  const entities = entitiesOf(chosen(all, options), options, { opener, secret, toolNames })
  const counts = Object.entries(entities).map(([type, list]) => [type, list.length])
  return {
    version: NEWEST_LEGACY,
    exported_at: new Date().toISOString(),
    exported_by: principal.email,
    source_gateway: source,
    encryption_method: 'AES-256-GCM',
    entities,
    metadata: {
      entity_counts: Object.fromEntries(counts),
      dependencies: options.includeDependencies ? dependenciesOf(entities) : {},
      export_options: toldOptions(options),
    },
  }
}

async function readTypes(
  stores: TransferDeps['stores'],
  reading: Reading,
  types: readonly EntityType[],
): Promise<Everything> {
  const of = async <T extends EntityType>(type: T): Promise<Everything[T]> =>
    types.includes(type) ? await readType(type, stores, reading) : ([] as never)
  return {
    tools: await of('tools'),
    gateways: await of('gateways'),
    servers: await of('servers'),
    prompts: await of('prompts'),
    resources: await of('resources'),
    roots: await of('roots'),
  }
}

function toldOptions({ types, tags, selections, ...options }: ExportOptions): Record<string, unknown> {
  if (selections !== null) return { selective: true, include_dependencies: options.includeDependencies, selections }
  return {
    include_inactive: options.includeInactive,
    include_dependencies: options.includeDependencies,
    selected_types: types,
    filter_tags: tags ?? [],
  }
}

/** What is left of everything: by tag, or by name. */
function chosen(all: Everything, { tags, selections, includeDependencies }: ExportOptions): Everything {
  const tagged = hasTag(tags)
  const picked =
    (type: EntityType) =>
    (keys: readonly string[]): boolean =>
      selections === null || keys.some((key) => selections[type]?.includes(key))
  const servers = all.servers.filter(tagged).filter(({ id, name }) => picked('servers')([id, name]))
  const theirs = new Set(
    includeDependencies && selections !== null ? servers.flatMap(({ items }) => items.map(({ id }) => id)) : [],
  )
  return {
    ...all,
    servers,
    tools: all.tools
      .filter(tagged)
      .filter(({ id, name, originalName }) => theirs.has(id) || picked('tools')([id, name, originalName])),
    gateways: all.gateways.filter(tagged).filter(({ id, name }) => picked('gateways')([id, name])),
    prompts: all.prompts
      .filter(tagged)
      .filter(({ id, name, originalName }) => theirs.has(id) || picked('prompts')([id, name, originalName])),
    resources: all.resources.filter(tagged).filter(({ id, uri }) => theirs.has(id) || picked('resources')([id, uri])),
    roots: all.roots.filter(({ uri }) => picked('roots')([uri])),
  }
}

function entitiesOf(
  all: Everything,
  { types, selections }: ExportOptions,
  { toolNames, ...secrets }: Secrets & { readonly toolNames: ReadonlyMap<string, string> },
): Partial<Record<EntityType, readonly Entity[]>> {
  const refs = (items: Everything['servers'][number]['items']): string[] =>
    items.filter(({ kind }) => kind === 'tool').map(({ id }) => (selections === null ? (toolNames.get(id) ?? id) : id))
  const made: Record<EntityType, () => readonly Entity[]> = {
    tools: () => all.tools.map((tool) => toolEntity(tool, secrets)),
    gateways: () => all.gateways.map((gateway) => gatewayEntity(gateway, secrets)),
    servers: () => all.servers.map((server) => serverEntity(server, refs(server.items))),
    prompts: () => all.prompts.map(promptEntity),
    resources: () => all.resources.map(resourceEntity),
    roots: () => all.roots.map(({ uri, name }) => ({ uri, name })),
  }
  return Object.fromEntries(types.map((type) => [type, made[type]()]))
}

function dependenciesOf({ servers = [] }: Partial<Record<EntityType, readonly Entity[]>>): Record<string, unknown> {
  const byName = Map.groupBy(servers, ({ name }) => String(name))
  const tools = [...byName].map(([name, all]) => [name, [...new Set(all.flatMap(({ tool_ids: refs }) => refs))]])
  return { servers_to_tools: Object.fromEntries(tools), servers_to_resources: {}, servers_to_prompts: {} }
}
