import { sql, type RawBuilder } from 'kysely'
import type { GatewayId } from '#/access/ids.ts'
import type { ItemChange, ItemKind, ListDiff } from '#/gateways/apply-discovery.ts'
import type { Actor, Observation } from '#/gateways/gateway-store.ts'
import type { WriteTx } from './store.ts'

/** Whose the items are that a discovery adds. */
interface ItemsOwner {
  readonly gatewayId: GatewayId
  readonly actor: Actor | null
}

type Found = Observation & { readonly kind: 'found' }

/** What was found of a gateway's server. */
interface FoundOf extends ItemsOwner {
  readonly found: Found
}

/** What one kind of items adds to the statement: what it writes, and which virtual servers lose something by it. */
interface Part {
  readonly writes: readonly RawBuilder<unknown>[]
  readonly losers: readonly RawBuilder<unknown>[]
}

/** More than this is stored by itself, in items and in characters: a transaction of many is to stay short. */
const SHORT = { items: 40, characters: 65_536 }

/** Little enough to be stored together with what others found. */
export function isShort(observation: Observation | null): boolean {
  if (observation?.kind !== 'found') return true
  const { capabilities, serverInfo, instructions } = observation.discovery
  const lists = Object.values(observation.diff)
  const items = lists.flatMap(({ added, updated, moved }) => [...added, ...updated, ...moved])
  const gone = lists.flatMap(({ removed }) => removed)
  const texts = [capabilities, serverInfo ?? '', instructions ?? '', ...items.map(({ definition }) => definition)]
  const characters = texts.reduce((sum, { length }) => sum + length, 0)
  return items.length + gone.length <= SHORT.items && characters <= SHORT.characters
}

/**
 * Makes gateways' items what their servers offer, in one statement for all kinds that changed. Returns the virtual servers that
 * lose an item by it.
 */
export async function applyItems(tx: WriteTx, all: readonly FoundOf[]): Promise<readonly string[]> {
  const { rows } = (await itemsStatement(all)?.execute(tx.sql)) ?? { rows: [] }
  return rows[0]?.servers ?? []
}

/** The statement that does it, for several gateways at once; undefined: nothing changed. */
export function itemsStatement(
  all: readonly FoundOf[],
): RawBuilder<{ readonly servers: readonly string[] | null }> | undefined {
  const of = (...kinds: readonly ItemKind[]): readonly FoundOf[] =>
    all.filter(({ found: { diff } }) => kinds.some((kind) => changes(diff[kind])))
  const [tools, prompts, resources] = [of('tools'), of('prompts'), of('resources', 'templates')]
  const parts: Part[] = []
  if (tools.length > 0) parts.push(named('tools', tools))
  if (prompts.length > 0) parts.push(named('prompts', prompts))
  if (resources.length > 0) parts.push(resourcesPart(resources))
  if (parts.length === 0) return undefined
  const losers = parts.flatMap((part) => part.losers)
  const servers =
    losers.length === 0
      ? sql`NULL::text[] AS servers`
      : sql`array_agg(DISTINCT id::text) AS servers FROM (${sql.join(losers, sql` UNION ALL `)}) AS losers (id)`
  return sql<{ readonly servers: readonly string[] | null }>`
    WITH ${sql.join(parts.flatMap(({ writes }) => writes))} SELECT ${servers}`
}

const changes = (list: ListDiff): boolean => idsIn(list).length > 0

/** Of everything that changed in a list. */
function idsIn({ added, updated, moved, removed }: ListDiff): readonly string[] {
  return [...[added, updated, moved].flatMap((items) => items.map(({ id }) => id)), ...removed]
}

/** Up to so many items are named one by one: to read all of a large gateway again for a few of them would keep others waiting. */
const MOST_NAMED = 100

/** Says what of a gateway that was known before is to be read again. */
export function announceItems(tx: WriteTx, gatewayId: GatewayId, { diff }: Found): void {
  const [tools, prompts] = [idsIn(diff.tools), idsIn(diff.prompts)]
  const resources = [...idsIn(diff.resources), ...idsIn(diff.templates)]
  if (tools.length + prompts.length + resources.length > MOST_NAMED) return tx.changed('gateway_items', gatewayId)
  tx.changed('tool', ...tools)
  tx.changed('prompt', ...prompts)
  tx.changed('resource', ...resources)
}

/** Visibility, team and owner are the gateway's own. An item that is there already keeps all that is ours about it. */
function named(table: 'tools' | 'prompts', all: readonly FoundOf[]): Part {
  const rows = all.flatMap(({ gatewayId, found: { diff, names } }) =>
    rowsOf(diff[table], (item) => ({
      gateway: gatewayId,
      ...common(item),
      name: names[table].get(item.key) ?? item.key,
      display: item.displayName,
      headers: item.paramHeaders,
    })),
  )
  const isTools = table === 'tools'
  const column = sql.ref(isTools ? 'tool_id' : 'prompt_id')
  const headers = isTools ? sql`, param_headers` : sql``
  const put = sql`${sql.ref(`put_${table}`)} AS (
      INSERT INTO ${sql.table(table)} AS i
        (id, gateway_id, original_name, name, custom_name, display_name, definition, digest, position,
         owner_id, team_id, visibility, created, modified ${headers})
      SELECT x.id, g.id, x.key, x.name, x.key, x.display, x.definition, decode(x.digest, 'hex'), x.position,
             g.owner_id, g.team_id, g.visibility, o.created, '{}' ${isTools ? sql`, x.headers` : sql``}
        FROM json_to_recordset(${JSON.stringify(rows)}::json) AS x (gateway text, id text, key text, name text,
               display text, definition text, digest text, position int, headers jsonb)
        ${ofOwners(all)}
      ON CONFLICT (gateway_id, original_name) DO UPDATE SET
        definition = excluded.definition, digest = excluded.digest, position = excluded.position
        ${isTools ? sql`, param_headers = excluded.param_headers` : sql``},
        version = i.version + (i.digest <> excluded.digest)::int,
        updated_at = CASE WHEN i.digest <> excluded.digest THEN now() ELSE i.updated_at END
    )`
  return withRemoved(put, { table, column, all, ids: all.flatMap(({ found }) => found.diff[table].removed) })
}

/** The gateway of each item, and where what a discovery adds comes from. */
function ofOwners(all: readonly FoundOf[]): RawBuilder<unknown> {
  const owners = all.map((owner) => ({ gateway: owner.gatewayId, created: provenance(owner) }))
  return sql`JOIN gateways AS g ON g.id = x.gateway
        JOIN json_to_recordset(${JSON.stringify(owners)}::json) AS o (gateway text, created jsonb) ON o.gateway = x.gateway`
}

interface Removed {
  readonly table: 'tools' | 'prompts' | 'resources'
  /** Of server_items. */
  readonly column: RawBuilder<unknown>
  readonly all: readonly FoundOf[]
  readonly ids: readonly string[]
}

/** Where nothing goes, as at every registration, nothing is said of it: the database would read and plan it all the same. */
function withRemoved(put: RawBuilder<unknown>, { table, column, all, ids }: Removed): Part {
  if (ids.length === 0) return { writes: [put], losers: [] }
  const gateways = all.map(({ gatewayId }) => gatewayId)
  const gone = sql`${sql.ref(`gone_${table}`)} AS (
      DELETE FROM ${sql.table(table)} WHERE gateway_id = ANY(${gateways}) AND id = ANY(${ids}))`
  return { writes: [put, gone], losers: [sql`SELECT server_id FROM server_items WHERE ${column} = ANY(${ids})`] }
}

function resourcesPart(all: readonly FoundOf[]): Part {
  const rows = all.flatMap(({ gatewayId, found: { diff } }) => [
    ...rowsOf(diff.resources, (item) => ({ gateway: gatewayId, ...resourceRow(item, false) })),
    ...rowsOf(diff.templates, (item) => ({ gateway: gatewayId, ...resourceRow(item, true) })),
  ])
  const removed = all.flatMap(({ found: { diff } }) => [...diff.resources.removed, ...diff.templates.removed])
  const put = sql`put_resources AS (
      INSERT INTO resources AS i
        (id, gateway_id, is_template, uri, name, mime_type, definition, digest, position,
         owner_id, team_id, visibility, created, modified)
      SELECT x.id, g.id, x.template, x.key, x.name, x.mime, x.definition, decode(x.digest, 'hex'), x.position,
             g.owner_id, g.team_id, g.visibility, o.created, '{}'
        FROM json_to_recordset(${JSON.stringify(rows)}::json) AS x (gateway text, id text, key text, template boolean,
               name text, mime text, definition text, digest text, position int)
        ${ofOwners(all)}
      ON CONFLICT (gateway_id, is_template, uri) DO UPDATE SET
        definition = excluded.definition, digest = excluded.digest, position = excluded.position,
        name = excluded.name, mime_type = excluded.mime_type,
        version = i.version + (i.digest <> excluded.digest)::int,
        updated_at = CASE WHEN i.digest <> excluded.digest THEN now() ELSE i.updated_at END
    )`
  return withRemoved(put, { table: 'resources', column: sql.ref('resource_id'), all, ids: removed })
}

function resourceRow(item: ItemChange, template: boolean) {
  return { ...common(item), template, name: item.name, mime: item.mimeType }
}

function rowsOf<Row>(list: ListDiff, row: (item: ItemChange) => Row): Row[] {
  return [...list.added, ...list.updated, ...list.moved].map(row)
}

function common(item: ItemChange): Record<'id' | 'key' | 'definition' | 'digest', string> & { position: number } {
  const { id, key, definition, digest, position } = item
  return { id, key, definition, digest, position }
}

function provenance({ actor }: ItemsOwner): object {
  return actor
    ? { by: actor.by, via: 'federation', fromIp: actor.fromIp, userAgent: actor.userAgent }
    : { by: 'system', via: 'federation' }
}
