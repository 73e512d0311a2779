import { sql, type RawBuilder } from 'kysely'
import type { ServerId, TeamId, UserId } from '#/access/ids.ts'
import type { Visibility } from '#/access/principal.ts'
import type { Actor, WriteTo } from '#/api/actor.ts'
import type {
  NewServer,
  Selectable,
  Selected,
  Server,
  ServerChange,
  ServerDeclaration,
  ServerReader,
  ServerWriter,
  StoredSelected,
} from '#/servers/server.ts'
import { auditOf, kept, PLACE_BEFORE, PLACE_GONE, rowBefore, wasOf, type PlaceBefore } from './audited.ts'
import { changesOf, type Fields } from './changes-of.ts'
import { folded, iso, olderThan, taggedWith } from './columns.ts'
import { readRemembered, rememberKeys } from './idempotency-store.ts'
import { heldOf } from './item-rows.ts'
import { hit, provenance, versionIs } from './item-writes.ts'
import { cutPage } from './page.ts'
import { placeOf } from './place-of.ts'
import { seenBy } from './seen.ts'
import type { Database, Reader, WriteTx } from './store.ts'
import { purgeTotals, readTotals } from './totals-rows.ts'

const SOURCE = 'servers'
const audit = auditOf('server')

/** Virtual servers in PostgreSQL. */
export function serverStore(db: Database): ServerReader & ServerWriter {
  return { ...reading(db), ...writing(db) }
}

function reading(db: Database): ServerReader {
  const read = db.read(SOURCE)
  const one = async (where: RawBuilder<boolean>): Promise<Server | undefined> => {
    const row = await query(read).where(where).executeTakeFirst()
    return row && serverOf(row)
  }
  return {
    page: async ({ limit, after, includeInactive, sight }, { tags, visibility, teamId }) => {
      const rows = await query(read)
        .where(seenBy('v', sight))
        .$if(!includeInactive, (q) => q.where('v.enabled', '=', true))
        .$if(after !== null, (q) => q.where(olderThan('v', after ?? { createdAt: '', id: '' })))
        .$if(tags !== null, (q) => q.where(taggedWith('v.tags', tags ?? [])))
        .$if(visibility !== null, (q) => q.where('v.visibility', '=', visibility as Visibility))
        .$if(teamId !== null, (q) => q.where('v.team_id', '=', teamId))
        .orderBy('v.created_at', 'desc')
        .orderBy('v.id', 'desc')
        .$if(limit !== null, (q) => q.limit((limit ?? 0) + 1))
        .execute()
      return cutPage(rows.map(serverOf), limit)
    },
    place: placeOf(read, 'servers'),
    seen: async (id, { sight }) => await one(sql<boolean>`v.id = ${id} AND ${seenBy('v', sight)}`),
    calledSo: async ({ id, name, ownerId, teamId }, { sight }) => {
      const row = await read
        .selectFrom('servers as v')
        .select('v.visibility')
        .where(sql<boolean>`${folded(sql.ref('v.name'))} = ${folded(sql`${name}::text`)} AND v.owner_id = ${ownerId}`)
        .where(sql<boolean>`v.team_id IS NOT DISTINCT FROM ${teamId} AND v.id <> ${id}`)
        .where(seenBy('v', sight))
        .limit(1)
        .executeTakeFirst()
      return row?.visibility
    },
    byId: async (id) => await one(sql<boolean>`v.id = ${id}`),
    selectable: async (ids) => {
      const list = (table: string, kind: string) =>
        sql`SELECT ${kind} AS kind, id, name, owner_id, team_id, visibility FROM ${sql.table(table)} WHERE id = ANY(${ids})`
      const union = sql<SelectableRow>`(${list('tools', 'tool')} UNION ALL ${list('prompts', 'prompt')} UNION ALL ${list('resources', 'resource')})`
      const rows = await read.selectFrom(union.as('i')).selectAll().execute()
      return rows.map(selectableOf)
    },
    remembered: (userId, key) => readRemembered(read, userId, key),
    totals: (ids) => readTotals(read, 'server', ids),
  }
}

/** A virtual server with its whole selection: one statement. */
function query(read: Reader) {
  const items = sql<readonly StoredSelected[]>`(
    SELECT coalesce(json_agg(json_build_object(
             'kind', si.kind, 'id', coalesce(t.id, p.id, r.id), 'name', si.name, 'description', si.description,
             'ownName', coalesce(t.name, p.name, r.name), 'enabled', coalesce(t.enabled, p.enabled, r.enabled),
             'ownerId', coalesce(t.owner_id, p.owner_id, r.owner_id), 'teamId', coalesce(t.team_id, p.team_id, r.team_id),
             'visibility', coalesce(t.visibility, p.visibility, r.visibility))
             ORDER BY si.position), '[]')
      FROM server_items AS si
      LEFT JOIN tools AS t ON t.id = si.tool_id
      LEFT JOIN prompts AS p ON p.id = si.prompt_id
      LEFT JOIN resources AS r ON r.id = si.resource_id
     WHERE si.server_id = v.id)`
  return read
    .selectFrom('servers as v')
    .leftJoin('users as u', 'u.id', 'v.owner_id')
    .select(['v.id', 'v.name', 'v.description', 'v.icon', 'v.enabled', 'v.owner_id', 'v.team_id', 'v.visibility'])
    .select(['v.tags', 'v.version', 'v.created', 'v.modified', 'u.email'])
    .select([iso('v.created_at').as('created_at'), iso('v.updated_at').as('updated_at'), items.as('items')])
}

type Row = Awaited<ReturnType<ReturnType<typeof query>['execute']>>[number]

function serverOf(row: Row): Server {
  return {
    id: row.id as ServerId,
    name: row.name,
    description: row.description,
    icon: row.icon,
    enabled: row.enabled,
    items: row.items,
    ...heldOf(row),
  }
}

interface SelectableRow {
  readonly kind: Selectable['kind']
  readonly id: string
  readonly name: string
  readonly owner_id: UserId | null
  readonly team_id: TeamId | null
  readonly visibility: Visibility
}

function selectableOf({ kind, id, name, owner_id, team_id, visibility }: SelectableRow): Selectable {
  return { kind, id, name, ownerId: owner_id, teamId: team_id, visibility }
}

function writing(db: Database): ServerWriter {
  return {
    purge: (id) => purgeTotals(db, 'server', id),
    create: (server, actor) => db.write(SOURCE, (tx) => create(tx, server, actor)),
    update: (id, change, to) => hit(db, SOURCE, (tx) => update(tx, { id, ...change }, to)),
    setEnabled: (id, enabled, to) =>
      hit(db, SOURCE, async (tx) => {
        const before = await set(tx, { id, columns: { enabled } }, to)
        if (before === undefined) return false
        const { place, fields } = before
        const said = { ...changesOf(fields, { enabled }), ...wasOf(place, { enabled }) }
        audit(tx, to.actor, { action: 'servers.state', id, detail: { name: fields['name'], enabled, ...said } })
        return true
      }),
    remove: (id, to) =>
      hit(db, SOURCE, async (tx) => {
        const row = await tx.sql
          .deleteFrom('servers')
          .where('id', '=', id)
          .where(versionIs(to.ifMatch))
          .returning(['name', PLACE_GONE.as('place'), selectedItems(id).as('items')])
          .executeTakeFirst()
        if (row === undefined) return false
        tx.changed('server', id)
        const was = { ...row.place, ...itemsOf(row.items) }
        audit(tx, to.actor, { action: 'servers.delete', id, detail: { name: row.name, was } })
        return true
      }),
  }
}

async function create(tx: WriteTx, { id, declaration, items, idempotency }: NewServer, actor: Actor): Promise<void> {
  await tx.sql
    .with('remembered', (q) => rememberKeys(q, [{ userId: actor.userId, idempotency, targetId: id }]))
    .insertInto('servers')
    .values({ id, ...columnsOf(declaration), owner_id: actor.userId, created: provenance(actor) })
    .execute()
  await insertItems(tx, id, items)
  tx.changed('server', id)
  const { name, visibility, teamId } = declaration
  const detail = { name, visibility, teamId, ...itemsOf(items.map((item) => item.id)) }
  audit(tx, actor, { action: 'servers.create', id, detail })
}

async function update(tx: WriteTx, change: ServerChange & { readonly id: ServerId }, to: WriteTo): Promise<boolean> {
  const { id, declaration, items } = change
  const before = await set(tx, { id, columns: columnsOf(declaration) }, to)
  if (before === undefined) return false
  const { name, description, icon, tags, teamId, visibility } = declaration
  const { was } = wasOf(before.place, { teamId, visibility })
  let selection = {}
  if (items !== null) {
    const { rows } = await sql<{ readonly id: string }>`
      DELETE FROM server_items WHERE server_id = ${id}
      RETURNING coalesce(tool_id, prompt_id, resource_id) AS id`.execute(tx.sql)
    selection = itemsOf(rows.map((row) => row.id))
    await insertItems(tx, id, items)
  }
  audit(tx, to.actor, {
    action: 'servers.update',
    id,
    detail: {
      name,
      ...changesOf(before.fields, { name, description, icon, tags, teamId, visibility }),
      ...(items !== null && itemsOf(items.map((item) => item.id))),
      was: { ...was, ...selection },
    },
  })
  return true
}

function itemsOf(ids: readonly string[] | null): { readonly items: readonly string[]; readonly moreItems?: true } {
  const { list, more } = kept(ids)
  return { items: list, ...(more && { moreItems: true }) }
}

function selectedItems(id: ServerId): RawBuilder<readonly string[] | null> {
  return sql`(SELECT json_agg(coalesce(tool_id, prompt_id, resource_id)) FROM server_items WHERE server_id = ${id})`
}

interface Before {
  readonly place: PlaceBefore
  readonly fields: Fields
}

const FIELDS = {
  name: 'name',
  description: 'description',
  icon: 'icon',
  tags: 'tags',
  teamId: 'team_id',
  visibility: 'visibility',
  enabled: 'enabled',
}

/** undefined: no such server, or another version; else how it was. */
async function set(
  tx: WriteTx,
  {
    id,
    columns,
  }: { readonly id: ServerId; readonly columns: ReturnType<typeof columnsOf> | { readonly enabled: boolean } },
  { actor, ifMatch }: WriteTo,
): Promise<Before | undefined> {
  const row = await tx.sql
    .updateTable('servers')
    .from(rowBefore('servers', id, FIELDS))
    .set({ ...columns, version: sql`version + 1`, updated_at: sql`now()`, modified: provenance(actor) })
    .whereRef('servers.id', '=', 'was.was_id')
    .where(versionIs(ifMatch))
    .returning([PLACE_BEFORE.as('place'), 'was_fields as fields'])
    .executeTakeFirst()
  if (row !== undefined) tx.changed('server', id)
  return row
}

async function insertItems(tx: WriteTx, id: ServerId, items: readonly Selected[]): Promise<void> {
  if (items.length === 0) return
  const rows = JSON.stringify(items.map((item, position) => ({ ...item, position })))
  await sql`
    INSERT INTO server_items (server_id, kind, tool_id, prompt_id, resource_id, position, name, description)
    SELECT ${id}, x.kind,
           CASE x.kind WHEN 'tool' THEN x.id END,
           CASE x.kind WHEN 'prompt' THEN x.id END,
           CASE x.kind WHEN 'resource' THEN x.id END, x.position, x.name, x.description
      FROM json_to_recordset(${rows}::json) AS x (kind text, id text, position int, name text, description text)`.execute(
    tx.sql,
  )
}

function columnsOf({ name, description, icon, tags, teamId, visibility }: ServerDeclaration) {
  return { name, description, icon, tags: JSON.stringify(tags), team_id: teamId, visibility }
}
