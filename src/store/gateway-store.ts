import { sql } from 'kysely'
import type { GatewayId } from '#/access/ids.ts'
import type { VisibilityClass } from '#/access/principal.ts'
import type { Gateway } from '#/gateways/gateway.ts'
import type { GatewayReader, GatewayWriter } from '#/gateways/gateway-store.ts'
import { PLACE_BEFORE, rowBefore, wasOf } from './audited.ts'
import { changesOf } from './changes-of.ts'
import { olderThan, taggedWith } from './columns.ts'
import { auditGateway } from './gateway-audit.ts'
import { gatewayCreate } from './gateway-create.ts'
import { gatewayRefresh } from './gateway-refresh.ts'
import { gatewayOf, gatewayQuery } from './gateway-rows.ts'
import { gatewayUpdate } from './gateway-update.ts'
import { hit, provenance, versionIs } from './item-writes.ts'
import { readKnown, readTaken, takenColumns, takenOf, type KnownAsked } from './known-store.ts'
import { removeGateway } from './gateway-removal.ts'
import { cutPage } from './page.ts'
import { placeOf } from './place-of.ts'
import { seenBy } from './seen.ts'
import { shared } from './shared.ts'
import type { Database, Reader } from './store.ts'

const SOURCE = 'gateways'
/** Questions that go into one statement; what is known of a gateway may be long. */
const ASKED_AT_ONCE = 100
const KNOWN_AT_ONCE = 10

/** Gateways in PostgreSQL. */
export function gatewayStore(db: Database): GatewayReader & GatewayWriter {
  return { ...reading(db), ...writing(db) }
}

function reading(db: Database): GatewayReader {
  const read = db.read(SOURCE)
  return {
    ...asking(read),
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
    beforeCreate: async (slug, { userId, key, prefix }) => {
      const row = await read
        .selectNoFrom((from) => [
          sql<boolean>`EXISTS (SELECT 1 FROM gateways WHERE slug = ${slug})`.as('slug_taken'),
          ...takenColumns(sql`${prefix}::text`),
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
    slugSeen: async (slug, { sight }) => {
      const named = sql<boolean>`g.slug = ${slug} AND ${seenBy('g', sight)}`
      return (await read.selectFrom('gateways as g').select('g.id').where(named).executeTakeFirst()) !== undefined
    },
    taken: (prefix) => readTaken(read, prefix),
  }
}

/** What many ask at the same time. */
function asking(read: Reader): Pick<GatewayReader, 'place' | 'seen' | 'byId' | 'slugTaken' | 'known'> {
  const slugs = shared(async (asked: readonly string[]) => {
    const rows = await read.selectFrom('gateways').select('slug').where('slug', 'in', asked).execute()
    return new Map(rows.map(({ slug }) => [slug, true]))
  }, ASKED_AT_ONCE)
  const gateways = shared(async (ids: readonly GatewayId[]) => {
    const rows = await gatewayQuery(read)
      .where(sql<boolean>`g.id = ANY(${ids})`)
      .execute()
    return new Map(rows.map((row) => [row.id as GatewayId, gatewayOf(row)]))
  }, ASKED_AT_ONCE)
  const seen = shared((asked: readonly SeenAsked[]) => readSeen(read, asked), ASKED_AT_ONCE)
  const knowns = shared((asked: readonly KnownAsked[]) => readKnown(read, asked), KNOWN_AT_ONCE)
  return {
    place: placeOf(read, 'gateways'),
    seen: (id, by) => seen({ id, by }),
    byId: gateways,
    slugTaken: async (slug) => (await slugs(slug)) === true,
    known: async (id, prefix) => {
      const found = await knowns({ id, prefix })
      if (found === undefined) throw new Error('a row for each question did not come')
      return found
    },
  }
}

interface SeenAsked {
  readonly id: GatewayId
  readonly by: VisibilityClass
}

/** Each of whom it may be seen by: a gateway that is another's to see answers only that one. */
async function readSeen(read: Reader, asked: readonly SeenAsked[]): Promise<ReadonlyMap<SeenAsked, Gateway>> {
  const conditions = [...Map.groupBy(asked, ({ by }) => by)].map(([{ sight }, those]) => {
    const ids = [...new Set(those.map(({ id }) => id))]
    return sql<boolean>`(g.id = ANY(${ids}) AND ${seenBy('g', sight)})`
  })
  const rows = await gatewayQuery(read)
    .where(sql<boolean>`(${sql.join(conditions, sql` OR `)})`)
    .execute()
  const found = new Map<string, Gateway>(rows.map((row) => [row.id, gatewayOf(row)]))
  const answers = new Map<SeenAsked, Gateway>()
  for (const one of asked) {
    const gateway = found.get(one.id)
    if (gateway !== undefined && one.by.sees(gateway)) answers.set(one, gateway)
  }
  return answers
}

function writing(db: Database): GatewayWriter {
  return {
    create: gatewayCreate(db),
    update: gatewayUpdate(db),
    remove: (id, ifMatch, actor) => hit(db, SOURCE, (tx) => removeGateway(tx, { id, ifMatch }, actor)),
    setEnabled: (id, { enabled, ifMatch }, actor) =>
      hit(db, SOURCE, async (tx) => {
        const row = await tx.sql
          .updateTable('gateways')
          .from(rowBefore('gateways', id, { name: 'name', enabled: 'enabled' }))
          .set({ enabled, version: sql`version + 1`, updated_at: sql`now()`, modified: provenance(actor) })
          .whereRef('gateways.id', '=', 'was.was_id')
          .where(versionIs(ifMatch))
          .returning([PLACE_BEFORE.as('before'), 'was_fields as fields'])
          .executeTakeFirst()
        if (row === undefined) return false
        tx.changed('gateway', id)
        const { before, fields } = row
        const detail = {
          name: fields['name'],
          enabled,
          ...changesOf(fields, { enabled }),
          ...wasOf(before, { enabled }),
        }
        auditGateway(tx, actor, { action: 'gateways.state', id, detail })
        return true
      }),
    applied: gatewayRefresh(db),
  }
}
