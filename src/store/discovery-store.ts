import { sql, type RawBuilder } from 'kysely'
import type { GatewayId } from '#/access/ids.ts'
import type { ItemChange, Known, KnownItem, ListDiff } from '#/gateways/apply-discovery.ts'
import type { Actor, GivenNames, Observation, TakenNames } from '#/gateways/gateway-store.ts'
import type { Reader, WriteTx } from './store.ts'

/** Whose the items are that a discovery adds. */
export interface ItemsOwner {
  readonly gatewayId: GatewayId
  readonly actor: Actor | null
}

type Found = Observation & { readonly kind: 'found' }

/** What one kind of items adds to the statement: what it writes, and which virtual servers lose something by it. */
interface Part {
  readonly writes: readonly RawBuilder<unknown>[]
  readonly losers: readonly RawBuilder<unknown>[]
}

/**
 * Makes a gateway's items what its server offers, in one statement for all kinds that changed. Returns the virtual servers that
 * lose an item by it.
 */
export async function applyItems(tx: WriteTx, owner: ItemsOwner, found: Found): Promise<readonly string[]> {
  const { rows } = (await itemsStatement(owner, found)?.execute(tx.sql)) ?? { rows: [] }
  return rows[0]?.servers ?? []
}

/** The statement that does it; undefined: nothing changed. */
export function itemsStatement(
  owner: ItemsOwner,
  { diff, names }: Found,
): RawBuilder<{ readonly servers: readonly string[] | null }> | undefined {
  const { resources, templates } = diff
  const parts: Part[] = []
  if (changes(diff.tools)) parts.push(named('tools', { owner, list: diff.tools, names }))
  if (changes(diff.prompts)) parts.push(named('prompts', { owner, list: diff.prompts, names }))
  if (changes(resources) || changes(templates)) parts.push(resourcesPart(owner, { resources, templates }))
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

interface NamedList {
  readonly owner: ItemsOwner
  readonly list: ListDiff
  readonly names: GivenNames
}

/** Visibility, team and owner are the gateway's own. An item that is there already keeps all that is ours about it. */
function named(table: 'tools' | 'prompts', { owner, list, names }: NamedList): Part {
  const rows = rowsOf(list, (item) => ({
    ...common(item),
    name: names[table].get(item.key) ?? item.key,
    display: item.displayName,
    headers: item.paramHeaders,
  }))
  const isTools = table === 'tools'
  const column = sql.ref(isTools ? 'tool_id' : 'prompt_id')
  const headers = isTools ? sql`, param_headers` : sql``
  const put = sql`${sql.ref(`put_${table}`)} AS (
      INSERT INTO ${sql.table(table)} AS i
        (id, gateway_id, original_name, name, custom_name, display_name, definition, digest, position,
         owner_id, team_id, visibility, created, modified ${headers})
      SELECT x.id, g.id, x.key, x.name, x.key, x.display, x.definition, decode(x.digest, 'hex'), x.position,
             g.owner_id, g.team_id, g.visibility, ${provenance(owner)}::jsonb, '{}' ${isTools ? sql`, x.headers` : sql``}
        FROM json_to_recordset(${JSON.stringify(rows)}::json)
          AS x (id text, key text, name text, display text, definition text, digest text, position int, headers jsonb)
        JOIN gateways AS g ON g.id = ${owner.gatewayId}
      ON CONFLICT (gateway_id, original_name) DO UPDATE SET
        definition = excluded.definition, digest = excluded.digest, position = excluded.position
        ${isTools ? sql`, param_headers = excluded.param_headers` : sql``},
        version = i.version + (i.digest <> excluded.digest)::int,
        updated_at = CASE WHEN i.digest <> excluded.digest THEN now() ELSE i.updated_at END
    )`
  return withRemoved(put, { table, column, owner, ids: list.removed })
}

interface Removed {
  readonly table: 'tools' | 'prompts' | 'resources'
  /** Of server_items. */
  readonly column: RawBuilder<unknown>
  readonly owner: ItemsOwner
  readonly ids: readonly string[]
}

/** Where nothing goes, as at every registration, nothing is said of it: the database would read and plan it all the same. */
function withRemoved(put: RawBuilder<unknown>, { table, column, owner, ids }: Removed): Part {
  if (ids.length === 0) return { writes: [put], losers: [] }
  const gone = sql`${sql.ref(`gone_${table}`)} AS (
      DELETE FROM ${sql.table(table)} WHERE gateway_id = ${owner.gatewayId} AND id = ANY(${ids}))`
  return { writes: [put, gone], losers: [sql`SELECT server_id FROM server_items WHERE ${column} = ANY(${ids})`] }
}

function resourcesPart(
  owner: ItemsOwner,
  { resources, templates }: { readonly resources: ListDiff; readonly templates: ListDiff },
): Part {
  const rows = [
    ...rowsOf(resources, (item) => resourceRow(item, false)),
    ...rowsOf(templates, (item) => resourceRow(item, true)),
  ]
  const removed = [...resources.removed, ...templates.removed]
  const put = sql`put_resources AS (
      INSERT INTO resources AS i
        (id, gateway_id, is_template, uri, name, mime_type, definition, digest, position,
         owner_id, team_id, visibility, created, modified)
      SELECT x.id, g.id, x.template, x.key, x.name, x.mime, x.definition, decode(x.digest, 'hex'), x.position,
             g.owner_id, g.team_id, g.visibility, ${provenance(owner)}::jsonb, '{}'
        FROM json_to_recordset(${JSON.stringify(rows)}::json)
          AS x (id text, key text, template boolean, name text, mime text, definition text, digest text, position int)
        JOIN gateways AS g ON g.id = ${owner.gatewayId}
      ON CONFLICT (gateway_id, is_template, uri) DO UPDATE SET
        definition = excluded.definition, digest = excluded.digest, position = excluded.position,
        name = excluded.name, mime_type = excluded.mime_type,
        version = i.version + (i.digest <> excluded.digest)::int,
        updated_at = CASE WHEN i.digest <> excluded.digest THEN now() ELSE i.updated_at END
    )`
  return withRemoved(put, { table: 'resources', column: sql.ref('resource_id'), owner, ids: removed })
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

function provenance({ actor }: ItemsOwner): string {
  return JSON.stringify(
    actor
      ? { by: actor.by, via: 'federation', fromIp: actor.fromIp, userAgent: actor.userAgent }
      : { by: 'system', via: 'federation' },
  )
}

/** What is stored of a gateway's items, as a diff needs it, and the names below a prefix that are taken. */
export async function readKnown(
  read: Reader,
  id: GatewayId,
  prefix: string,
): Promise<{ readonly known: Known; readonly taken: TakenNames }> {
  const item = sql`json_build_object('id', id, 'key', original_name, 'digest', encode(digest, 'hex'), 'position', position)`
  const uri = sql`json_build_object('id', id, 'key', uri, 'digest', encode(digest, 'hex'), 'position', position)`
  const list = (table: string, what: typeof item, where = sql``): ReturnType<typeof sql<readonly KnownItem[]>> =>
    sql<
      readonly KnownItem[]
    >`(SELECT coalesce(json_agg(${what}), '[]') FROM ${sql.table(table)} WHERE gateway_id = ${id} ${where})`
  const row = await read
    .selectNoFrom([
      list('tools', item).as('tools'),
      list('prompts', item).as('prompts'),
      list('resources', uri, sql`AND NOT is_template`).as('resources'),
      list('resources', uri, sql`AND is_template`).as('templates'),
      ...takenColumns(prefix),
    ])
    .executeTakeFirstOrThrow()
  const { tools, prompts, resources, templates } = row
  return { known: { tools, prompts, resources, templates }, taken: takenOf(row) }
}

/** The names below a prefix that are in use. */
export async function readTaken(read: Reader, prefix: string): Promise<TakenNames> {
  const row = await read.selectNoFrom(takenColumns(prefix)).executeTakeFirstOrThrow()
  return takenOf(row)
}

/** The names below a prefix that are in use, as columns for `takenOf`. */
export function takenColumns(prefix: string) {
  return [namesBelow('tools', prefix).as('tool_names'), namesBelow('prompts', prefix).as('prompt_names')] as const
}

/** Names are ASCII and ordered by byte, so a prefix is a range of the unique index; `~` sorts after every letter they hold. */
function namesBelow(table: 'tools' | 'prompts', prefix: string): ReturnType<typeof sql<readonly string[]>> {
  return sql<readonly string[]>`(SELECT coalesce(json_agg(name), '[]') FROM ${sql.table(table)}
    WHERE name >= ${prefix} AND name < ${`${prefix}~`})`
}

export function takenOf(row: {
  readonly tool_names: readonly string[]
  readonly prompt_names: readonly string[]
}): TakenNames {
  return { tools: new Set(row.tool_names), prompts: new Set(row.prompt_names) }
}
