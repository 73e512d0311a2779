import { sql } from 'kysely'
import type { Declaration, Gateway } from '#/gateways/gateway.ts'
import type {
  Actor,
  GatewayChange,
  GatewayReader,
  GatewayWriter,
  NewGateway,
  Observation,
  Refreshed,
} from '#/gateways/gateway-store.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import { crowd } from '#/lib/crowd.ts'
import { olderThan, taggedWith } from './columns.ts'
import {
  announceItems,
  applyItems,
  itemsStatement,
  readKnown,
  readTaken,
  takenColumns,
  takenOf,
} from './discovery-store.ts'
import { columnsOf, observed } from './gateway-columns.ts'
import { gatewayOf, gatewayQuery, type Counts } from './gateway-rows.ts'
import { rememberKey } from './idempotency-store.ts'
import { restateItems } from './gateway-items-store.ts'
import { hit, provenance, versionIs } from './item-writes.ts'
import { removeGateway } from './gateway-removal.ts'
import { cutPage } from './page.ts'
import { seenBy } from './seen.ts'
import type { Database, WriteTx } from './store.ts'

const SOURCE = 'gateways'

/** Gateways in PostgreSQL. */
export function gatewayStore(db: Database): GatewayReader & GatewayWriter {
  return { ...reading(db), ...writing(db) }
}

function reading(db: Database): GatewayReader {
  const read = db.read(SOURCE)
  const slugs = crowd(async (asked: readonly string[]) => {
    const rows = await read.selectFrom('gateways').select('slug').where('slug', 'in', asked).execute()
    return new Map(rows.map(({ slug }) => [slug, true]))
  }, 100)
  return {
    page: async ({ limit, after, includeInactive, sight }, { tags, visibility }) => {
      const rows = await gatewayQuery(read)
        .where(seenBy('g', sight))
        .$if(!includeInactive, (query) => query.where('g.enabled', '=', true))
        .$if(after !== null, (query) => query.where(olderThan('g', after ?? { createdAt: '', id: '' })))
        .$if(tags !== null, (query) => query.where(taggedWith('g.tags', tags ?? [])))
        .$if(visibility !== null, (query) => query.where(sql<boolean>`g.visibility = ${visibility}`))
        .orderBy('g.created_at', 'desc')
        .orderBy('g.id', 'desc')
        .$if(limit !== null, (query) => query.limit((limit ?? 0) + 1))
        .execute()
      return cutPage(rows.map(gatewayOf), limit)
    },
    byId: async (id) => {
      const row = await gatewayQuery(read).where('g.id', '=', id).executeTakeFirst()
      return row && gatewayOf(row)
    },
    beforeCreate: async (slug, { userId, key, prefix }) => {
      const row = await read
        .selectNoFrom((from) => [
          sql<boolean>`EXISTS (SELECT 1 FROM gateways WHERE slug = ${slug})`.as('slug_taken'),
          ...takenColumns(prefix),
          from
            .selectFrom('idempotency_keys')
            .select(
              sql<{
                target: string
                hash: string
              }>`json_build_object('target', target_id, 'hash', encode(request_hash, 'hex'))`.as('r'),
            )
            .where('user_id', '=', userId)
            .where('key', '=', key)
            .as('remembered'),
        ])
        .executeTakeFirstOrThrow()
      const { slug_taken: slugTaken, remembered } = row
      return {
        slugTaken,
        taken: takenOf(row),
        remembered: remembered ? { targetId: remembered.target, hash: Buffer.from(remembered.hash, 'hex') } : undefined,
      }
    },
    slugTaken: async (slug) => (await slugs(slug)) === true,
    known: (id, prefix) => readKnown(read, id, prefix),
    taken: (prefix) => readTaken(read, prefix),
  }
}

function writing(db: Database): GatewayWriter {
  return {
    create: async (gateway, actor) => {
      const { value, seq } = await db.write(SOURCE, (tx) => create(tx, gateway, actor))
      return { gateway: value, seq }
    },
    update: (change, actor) => hit(db, SOURCE, (tx) => update(tx, change, actor)),
    remove: (id, ifMatch, actor) => hit(db, SOURCE, (tx) => removeGateway(tx, { id, ifMatch }, actor)),
    setEnabled: (id, { enabled, ifMatch }, actor) =>
      hit(db, SOURCE, async (tx) => {
        const row = await tx.sql
          .updateTable('gateways')
          .set({ enabled, version: sql`version + 1`, updated_at: sql`now()`, modified: provenance(actor) })
          .where('id', '=', id)
          .where(versionIs(ifMatch))
          .returning('version')
          .executeTakeFirst()
        if (row === undefined) return false
        tx.changed('gateway', id)
        audit(tx, actor, { action: 'gateways.state', id, detail: { enabled } })
        return true
      }),
    applied: (refreshed) => hit(db, SOURCE, (tx) => refresh(tx, refreshed)),
  }
}

async function create(tx: WriteTx, gateway: NewGateway, actor: Actor): Promise<Gateway> {
  const { id, declaration, observation, idempotency, nextCheckIn } = gateway
  // What is stored is read as it goes in: in the query the names mean the rows that these two return.
  const made = tx.sql
    .with('gateway_states', (q) =>
      q
        .insertInto('gateway_states')
        .values({ gateway_id: id, ...observed(observation, nextCheckIn), registration_attempts: 1 })
        .returningAll(),
    )
    .with('remembered', (q) => rememberKey(q, { userId: actor.userId, idempotency, targetId: id }))
    .with('gateways', (q) =>
      q
        .insertInto('gateways')
        .values({ id, ...columnsOf(declaration), owner_id: actor.userId, created: provenance(actor) })
        .returningAll(),
    )
  const items = observation.kind === 'found' ? itemsStatement({ gatewayId: id, actor }, observation) : undefined
  const stored = gatewayQuery(made, countsIn(observation))
  const [row] = await tx.together(stored.compile(), ...(items ? [items.compile(tx.sql)] : []))
  if (row === undefined) throw new Error('a gateway that was just stored is not there')
  tx.changed('gateway', id)
  tx.changed('gateway_items', id)
  audit(tx, actor, { action: 'gateways.create', id, detail: { name: declaration.name, ...whereOf(declaration) } })
  return gatewayOf(row)
}

/** How much a gateway will offer that offers nothing yet. */
function countsIn(observation: Observation): Counts {
  const found = observation.kind === 'found' ? observation.diff : NOTHING_NEW
  const count = (...lists: readonly { readonly added: readonly unknown[] }[]): Counts['tools'] =>
    sql<number>`${lists.reduce((sum, { added }) => sum + added.length, 0)}::bigint`
  const { tools, prompts, resources, templates } = found
  return { tools: count(tools), prompts: count(prompts), resources: count(resources, templates) }
}

const NONE = { added: [] }
const NOTHING_NEW = { tools: NONE, prompts: NONE, resources: NONE, templates: NONE }

async function update(tx: WriteTx, change: GatewayChange, actor: Actor): Promise<boolean> {
  const { id, declaration, ifMatch, observation, moved, nextCheckIn, renamed } = change
  const row = await tx.sql
    .with('state', (q) =>
      q
        .updateTable('gateway_states')
        .set({
          ...(moved && UNKNOWN),
          ...(observation === null ? { next_check_at: sql`next_check_at` } : observed(observation, nextCheckIn)),
        })
        .where('gateway_id', '=', id)
        .where((q) => q.exists(q.selectFrom('gateways').select('id').where('id', '=', id).where(versionIs(ifMatch)))),
    )
    .updateTable('gateways')
    .set({ ...columnsOf(declaration), version: sql`version + 1`, updated_at: sql`now()`, modified: provenance(actor) })
    .where('id', '=', id)
    .where(versionIs(ifMatch))
    .returning('version')
    .executeTakeFirst()
  if (row === undefined) return false
  const servers = observation?.kind === 'found' ? await applyItems(tx, { gatewayId: id, actor }, observation) : []
  const restated = renamed !== null || change.placeBefore !== null
  if (restated) await restateItems(tx, change)
  tx.changed('gateway', id)
  if (observation?.kind === 'found' || restated) tx.changed('gateway_items', id)
  tx.changed('server', ...servers)
  const { name } = declaration
  audit(tx, actor, {
    action: 'gateways.update',
    id,
    detail: { name, ...whereOf(declaration), changed: change.changed },
  })
  return true
}

async function refresh(tx: WriteTx, { seen, observation, nextCheckIn, actor }: Refreshed): Promise<boolean> {
  const row = await tx.sql
    .updateTable('gateway_states')
    .set({ ...observed(observation, nextCheckIn), registration_attempts: 0 })
    .where('gateway_id', '=', seen.id)
    .where(sql<boolean>`last_refresh_at IS NOT DISTINCT FROM ${seen.lastRefreshAt}::timestamptz`)
    .where((q) =>
      q.exists(q.selectFrom('gateways').select('id').where('id', '=', seen.id).where('version', '=', seen.version)),
    )
    .returning('gateway_id')
    .executeTakeFirst()
  if (row === undefined) return false
  const servers = await applyItems(tx, { gatewayId: seen.id, actor }, observation)
  tx.changed('gateway', seen.id)
  announceItems(tx, seen.id, observation)
  tx.changed('server', ...servers)
  if (actor) audit(tx, actor, { action: 'gateways.refresh', id: seen.id, detail: {} })
  return true
}

/** What is known of a server that nobody has seen yet. */
const UNKNOWN = {
  status: 'pending',
  last_seen: null,
  last_refresh_at: null,
  era: null,
  revision: null,
  transport: null,
  era_evidence: null,
  era_at: null,
  stateful: false,
  capabilities: null,
  server_info: null,
  instructions: null,
}

/** Where it leads, for the audit log. Arguments may hold secrets, so they are not told. */
function whereOf({ url, stdio }: Declaration): Readonly<Record<string, unknown>> {
  return stdio === null ? { url: url === null ? null : shownUrl(url) } : { command: stdio.command }
}

function audit(
  tx: WriteTx,
  actor: Actor,
  {
    action,
    id,
    detail,
  }: { readonly action: string; readonly id: string; readonly detail: Readonly<Record<string, unknown>> },
): void {
  tx.audit({ actor: actor.by, action, targetKind: 'gateway', targetId: id, detail })
}
