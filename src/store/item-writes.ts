import { createHash } from 'node:crypto'
import { sql, type RawBuilder } from 'kysely'
import type { Actor, Changed, WriteTo } from '#/api/actor.ts'
import type { ItemChange, ItemFilter, ItemWriter, NewItem } from '#/api/items.ts'
import type { PageRequest } from '#/api/paging.ts'
import { isObject } from '#/lib/is-object.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import { PLACE_BEFORE, PLACE_GONE, rowBefore, wasOf, type PlaceBefore } from './audited.ts'
import { changesOf, type Fields } from './changes-of.ts'
import { olderThan, taggedWith } from './columns.ts'
import { rememberKeys } from './idempotency-store.ts'
import type { Database, WriteTx } from './store.ts'
import { seenBy } from './seen.ts'
import { purgeTotals } from './totals-rows.ts'

/** Which of the three tables of items, and what its rows are called. */
export interface ItemTable {
  readonly table: 'tools' | 'prompts' | 'resources'
  readonly kind: 'tool' | 'prompt' | 'resource'
}

/** The writes that tools, prompts and resources share. undefined: no such row, or another version than If-Match says. */
export function itemWriter(db: Database, item: ItemTable): ItemWriter<string, ItemChange> {
  return {
    create: async (made, actor) => {
      const { seq } = await db.write(item.table, (tx) => create(tx, { item, ...made }, actor))
      return { seq }
    },
    update: (id, change, to) => hit(db, item.table, (tx) => update(tx, { item, id, change, to })),
    remove: (id, to) => hit(db, item.table, (tx) => remove(tx, { item, id, to })),
    purge: (id) => purgeTotals(db, item.kind, id),
  }
}

async function create(
  tx: WriteTx,
  { item, id, columns, idempotency }: NewItem<string, ItemChange> & { readonly item: ItemTable },
  actor: Actor,
): Promise<void> {
  const values = { id, ...columnsOf(columns), owner_id: actor.userId, created: provenance(actor) }
  await tx.sql
    .with('remembered', (q) => rememberKeys(q, [{ userId: actor.userId, idempotency, targetId: id }]))
    .insertInto(item.table)
    .values(values as never)
    .execute()
  tx.changed(item.kind, id)
  tx.audit({
    actor: actor.by,
    action: `${item.table}.create`,
    targetKind: item.kind,
    targetId: id,
    detail: told(values),
  })
}

/** What stays in the audit log of columns: no secret, and of what is long only that it was said. */
function told(columns: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { digest: _digest, created: _created, ...given } = columns
  const plain = shown(Object.fromEntries(Object.entries(given).filter(([name]) => !UNTOLD.has(name))))
  const long = Object.entries(given).filter(([name, value]) => UNTOLD.has(name) && value !== undefined)
  return { ...plain, ...(long.length === 0 ? {} : { said: long.map(([name]) => name) }) }
}

/** The URL of a tool as people may read it: a key in it is no business of the record. */
function shown(fields: Fields): Record<string, unknown> {
  const { backing } = fields
  return backing === undefined ? fields : { ...fields, backing: shownBacking(backing) }
}

function shownBacking(backing: unknown): unknown {
  if (typeof backing === 'string') return JSON.stringify(shownBacking(JSON.parse(backing)))
  return isObject(backing) && typeof backing['url'] === 'string'
    ? { ...backing, url: shownUrl(backing['url']) }
    : backing
}

const UNTOLD: ReadonlySet<string> = new Set(['credential', 'definition', 'content', 'template'])

/** Of a change what may be told, by column. */
function tellable(change: ItemChange): Fields {
  const named = Object.entries(change).map(([name, value]) => [COLUMNS[name] ?? name, value] as const)
  return Object.fromEntries(named.filter(([name, value]) => value !== undefined && !UNTOLD.has(name)))
}

/** Names of columns where they are not ours. */
const COLUMNS: Readonly<Record<string, string>> = {
  originalName: 'original_name',
  customName: 'custom_name',
  displayName: 'display_name',
  customTitle: 'custom_title',
  customDescription: 'custom_description',
  isTemplate: 'is_template',
  mimeType: 'mime_type',
  teamId: 'team_id',
}

/** A change as columns: what has parts as JSON, and the digest of a new definition beside it. */
function columnsOf(change: ItemChange): Record<string, unknown> {
  const entries = Object.entries(change).map(([name, value]): [string, unknown] => [
    COLUMNS[name] ?? name,
    typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
  ])
  const { definition } = change
  const digest = definition === undefined ? {} : { digest: createHash('sha256').update(definition).digest() }
  return { ...Object.fromEntries(entries.filter(([, value]) => value !== undefined)), ...digest }
}

export async function hit(
  db: Database,
  source: string,
  work: (tx: WriteTx) => Promise<boolean>,
): Promise<Changed | undefined> {
  const { value, seq } = await db.write(source, work)
  return value ? { seq } : undefined
}

/** The column of what it is called. */
const called = ({ kind }: ItemTable): string => (kind === 'resource' ? 'uri' : 'name')

interface Gone {
  readonly name: string
  readonly gatewayId: string | null
  readonly place: PlaceBefore
  readonly servers: readonly string[] | null
}

interface Update {
  readonly item: ItemTable
  readonly id: string
  readonly change: ItemChange
  readonly to: WriteTo
}

async function update(tx: WriteTx, { item, id, change, to }: Update): Promise<boolean> {
  const columns = columnsOf(change)
  const after = tellable(change)
  const asked = Object.fromEntries([...Object.keys(after), called(item)].map((column) => [column, column]))
  const set = Object.entries(columns).map(([column, value]) => sql`${sql.ref(column)} = ${value}`)
  const { rows } = await sql<{ readonly before: PlaceBefore; readonly fields: Fields }>`
    UPDATE ${sql.table(item.table)} AS i
       SET ${sql.join([...set, sql`version = version + 1`, sql`updated_at = now()`, sql`modified = ${provenance(to.actor)}::jsonb`])}
      FROM ${rowBefore(item.table, id, asked)}
     WHERE i.id = was_id AND ${versionIs(to.ifMatch)} RETURNING ${PLACE_BEFORE} AS before, was_fields AS fields`.execute(
    tx.sql,
  )
  const [row] = rows
  if (row === undefined) return false
  tx.changed(item.kind, id)
  tx.audit({
    actor: to.actor.by,
    action: `${item.table}.update`,
    targetKind: item.kind,
    targetId: id,
    detail: {
      name: row.fields[called(item)],
      ...told(columns),
      ...changesOf(shown(row.fields), shown(after)),
      ...wasOf(row.before, placeIn(columns)),
    },
  })
  return true
}

/** What a change of columns says of who sees an item. */
function placeIn(columns: Readonly<Record<string, unknown>>): Partial<PlaceBefore> {
  const named = { enabled: columns['enabled'], visibility: columns['visibility'], teamId: columns['team_id'] }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}

async function remove(tx: WriteTx, { item, id, to }: Omit<Update, 'change'>): Promise<boolean> {
  const { rows } = await sql<Gone>`
    WITH gone AS (DELETE FROM ${sql.table(item.table)} WHERE id = ${id} AND ${versionIs(to.ifMatch)}
      RETURNING ${sql.ref(called(item))} AS name, gateway_id, ${PLACE_GONE} AS place)
    SELECT name, gateway_id AS "gatewayId", place,
           (SELECT array_agg(server_id::text) FROM server_items WHERE ${sql.ref(`${item.kind}_id`)} = ${id}) AS servers
      FROM gone`.execute(tx.sql)
  const [gone] = rows
  if (gone === undefined) return false
  const { name, gatewayId, place, servers } = gone
  tx.changed(item.kind, id)
  tx.changed('server', ...(servers ?? []))
  const detail = { name, was: { ...place, gatewayId, ...(servers && { servers }) } }
  tx.audit({ actor: to.actor.by, action: `${item.table}.delete`, targetKind: item.kind, targetId: id, detail })
  return true
}

/** If-Match is decided by the statement that writes, so nothing can come between. */
export function versionIs(ifMatch: number | null): RawBuilder<boolean> {
  return sql<boolean>`(${ifMatch}::int IS NULL OR version = ${ifMatch}::int)`
}

export function provenance({ by, via, fromIp, userAgent }: Actor): string {
  return JSON.stringify({ by, via, fromIp, userAgent })
}

function ofGateways(ids: readonly (string | null)[]): RawBuilder<unknown> {
  const named = ids.filter((id) => id !== null)
  return ids.includes(null)
    ? sql`(i.gateway_id IS NULL OR i.gateway_id = ANY(${named}))`
    : sql`i.gateway_id = ANY(${named})`
}

/** Everything that narrows a list of items `i`. */
export function itemConditions(
  kind: ItemTable['kind'],
  { after, includeInactive, sight }: PageRequest,
  filter: ItemFilter,
): RawBuilder<boolean> {
  const { tags, visibility, teamId, gatewayIds, serverId } = filter
  const item = sql.ref(`si.${kind}_id`)
  const conditions = [
    seenBy('i', sight),
    ...(includeInactive ? [] : [sql`i.enabled`]),
    ...(after === null ? [] : [olderThan('i', after)]),
    ...(tags === null ? [] : [taggedWith('i.tags', tags)]),
    ...(visibility === null ? [] : [sql`i.visibility = ${visibility}`]),
    ...(teamId === null ? [] : [sql`i.team_id = ${teamId}`]),
    ...(serverId === null
      ? []
      : [sql`EXISTS (SELECT 1 FROM server_items AS si WHERE si.server_id = ${serverId} AND ${item} = i.id)`]),
    ...(gatewayIds === null ? [] : [ofGateways(gatewayIds)]),
    ...(filter.templates === undefined ? [] : [sql`i.is_template = ${filter.templates}`]),
  ]
  return sql<boolean>`${sql.join(conditions, sql` AND `)}`
}
