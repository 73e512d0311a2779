import { sql, type RawBuilder } from 'kysely'
import type { Actor, Changed, GatewayChange, GatewayWriter } from '#/gateways/gateway-store.ts'
import { PLACE_BEFORE, rowBefore, wasOf, type PlaceBefore } from './audited.ts'
import type { Fields } from './changes-of.ts'
import { applyItems, isShort } from './discovery-store.ts'
import { auditGateway, changesIn, DECLARED, goneIn, saidOf } from './gateway-audit.ts'
import { columnsOf, observed } from './gateway-columns.ts'
import { restateItems, type Apart } from './gateway-items-store.ts'
import { provenance, versionIs } from './item-writes.ts'
import type { Database, WriteTx } from './store.ts'
import { writeTogether } from './write-together.ts'

const SOURCE = 'gateways'

interface Updating {
  readonly change: GatewayChange
  readonly actor: Actor
}

/** Changes gateways, those that come at the same time in one transaction. */
export function gatewayUpdate(db: Database): GatewayWriter['update'] {
  const update = writeTogether<Updating, Changed | undefined>({
    most: 25,
    isSmall: ({ change }) => !isRestated(change) && isShort(change.observation),
    keyOf: ({ change }) => change.id,
    writeAll: async (all) => {
      const { value: hits, seq } = await db.write(SOURCE, (tx) => updateAll(tx, all))
      return all.map((one) => (hits.has(one) ? { seq } : undefined))
    },
  })
  return (change, actor) => update({ change, actor })
}

/** Those that hit something: If-Match is decided by the statement that writes. */
async function updateAll(tx: WriteTx, all: readonly Updating[]): Promise<ReadonlySet<Updating>> {
  const parts = all.flatMap((one, n) => [
    sql`${sql.ref(`hit_${n}`)} AS (${rowUpdate(tx, one)})`,
    sql`${sql.ref(`state_${n}`)} AS (${stateUpdate(tx, one.change, `hit_${n}`)})`,
  ])
  const found = all.map((_, n) => sql`SELECT id, before, fields FROM ${sql.ref(`hit_${n}`)}`)
  const { rows } = await sql<Found>`
    WITH ${sql.join(parts)} ${sql.join(found, sql` UNION ALL `)}`.execute(tx.sql)
  const before = new Map(rows.map((row) => [row.id, row]))
  const hits = all.filter(({ change }) => before.has(change.id))
  const servers = await applyItems(
    tx,
    hits.flatMap(({ change: { id, observation }, actor }) =>
      observation?.kind === 'found' ? [{ gatewayId: id, actor, found: observation }] : [],
    ),
  )
  const apart = new Map<string, Apart>()
  for (const { change } of hits) if (isRestated(change)) apart.set(change.id, await restateItems(tx, change))
  for (const [n, hit] of hits.entries()) {
    if (n > 0) tx.another()
    announce(tx, hit, { before: before.get(hit.change.id), items: apart.get(hit.change.id) })
  }
  tx.changed('server', ...servers)
  return new Set(hits)
}

/** Only where the row was hit: who lost to another writer changes nothing here either. */
function stateUpdate(tx: WriteTx, change: GatewayChange, hit: string): RawBuilder<unknown> {
  const { observation, moved, nextCheckIn } = change
  return sql`${tx.sql
    .updateTable('gateway_states')
    .set({
      ...(moved && UNKNOWN),
      ...(observation === null ? { next_check_at: sql`next_check_at` } : observed(observation, nextCheckIn)),
    })
    .where(sql<boolean>`gateway_id IN (SELECT id FROM ${sql.ref(hit)})`)}`
}

function rowUpdate(tx: WriteTx, { change: { id, declaration, ifMatch }, actor }: Updating): RawBuilder<unknown> {
  return sql`${tx.sql
    .updateTable('gateways')
    .from(rowBefore('gateways', id, DECLARED))
    .set({ ...columnsOf(declaration), version: sql`version + 1`, updated_at: sql`now()`, modified: provenance(actor) })
    .whereRef('gateways.id', '=', 'was.was_id')
    .where(versionIs(ifMatch))
    .returning(['id', PLACE_BEFORE.as('before'), 'was_fields as fields'])}`
}

/** Its items get other names, or another place. */
function isRestated({ renamed, placeBefore }: GatewayChange): boolean {
  return renamed !== null || placeBefore !== null
}

interface Found {
  readonly id: string
  readonly before: PlaceBefore
  readonly fields: Fields
}

interface Were {
  readonly before: Found | undefined
  readonly items: Apart | undefined
}

function announce(tx: WriteTx, { change, actor }: Updating, { before, items }: Were): void {
  const { id, declaration, observation, changed } = change
  tx.changed('gateway', id)
  if (observation?.kind === 'found' || isRestated(change)) tx.changed('gateway_items', id)
  const { teamId, visibility } = declaration
  const was = before === undefined ? {} : wasOf(before.before, { teamId, visibility }).was
  const isMoved = Object.keys(was).length > 0
  const gone = goneIn(observation)
  const moved = isMoved && { was: { ...was, ...items } }
  const changes = before === undefined ? {} : changesIn(before.fields, declaration)
  const detail = { ...saidOf(declaration), changed, ...changes, ...(gone !== null && { gone }), ...moved }
  auditGateway(tx, actor, { action: 'gateways.update', id, detail })
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
