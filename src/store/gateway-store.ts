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
import { gatewayOf, gatewayQuery } from './gateway-rows.ts'
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
  const made = tx.sql
    .with('state', (q) =>
      q
        .insertInto('gateway_states')
        .values({ gateway_id: id, ...observed(observation, nextCheckIn), registration_attempts: 1 }),
    )
    .with('remembered', (q) => rememberKey(q, { userId: actor.userId, idempotency, targetId: id }))
    .insertInto('gateways')
    .values({ id, ...columnsOf(declaration), owner_id: actor.userId, created: provenance(actor) })
  const items = observation.kind === 'found' ? itemsStatement({ gatewayId: id, actor }, observation) : undefined
  const stored = gatewayQuery(tx.sql).where('g.id', '=', id)
  const [row] = await tx.together(made.compile(), ...(items ? [items.compile(tx.sql)] : []), stored.compile())
  if (row === undefined) throw new Error('a gateway that was just stored is not there')
  tx.changed('gateway', id)
  tx.changed('gateway_items', id)
  audit(tx, actor, { action: 'gateways.create', id, detail: { name: declaration.name, ...whereOf(declaration) } })
  return gatewayOf(row)
}

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

/** The columns of gateway_states that a look at the upstream decides. */
function observed(observation: Observation, nextCheckIn: number) {
  const next = sql<Date>`now() + make_interval(secs => ${nextCheckIn})`
  if (observation.kind === 'unreachable')
    return { reachable: false, last_error: observation.error.slice(0, 2000), next_check_at: next }
  const { era, revision, transport, evidence, stateful, capabilities, serverInfo, instructions } = observation.discovery
  const now = sql<Date>`now()`
  const unclaimed = { claimed_by: null, claimed_at: null, claim_expires_at: null }
  return {
    status: 'active',
    reachable: true,
    last_error: null,
    last_seen: now,
    last_refresh_at: now,
    next_check_at: next,
    era,
    revision,
    transport,
    era_evidence: evidence,
    era_at: now,
    stateful,
    capabilities,
    instructions,
    server_info: serverInfo,
    ...unclaimed,
  }
}

function columnsOf(declaration: Declaration) {
  const { name, slug, url, stdio, description, transport, credential, teamId, visibility } = declaration
  return {
    name,
    slug,
    url,
    description,
    transport,
    credential,
    team_id: teamId,
    visibility,
    tags: JSON.stringify(declaration.tags),
    passthrough_headers: JSON.stringify(declaration.passthroughHeaders),
    auth_type: declaration.authType,
    auth_hint: declaration.authHint === null ? null : JSON.stringify(declaration.authHint),
    command: stdio?.command ?? null,
    args: JSON.stringify(stdio?.args ?? []),
    env: stdio?.env ?? null,
    env_names: JSON.stringify(stdio?.envNames ?? []),
    cwd: stdio?.cwd ?? null,
    sharing: stdio?.sharing ?? null,
    ca_certificate: declaration.caCertificate,
    client_cert: declaration.clientCert,
    client_key: declaration.clientKey,
    http_version: declaration.httpVersion,
    refresh_interval_seconds: declaration.refreshIntervalSeconds,
    timeout_ms: declaration.timeoutMs,
  }
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
