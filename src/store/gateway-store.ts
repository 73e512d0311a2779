import { sql } from 'kysely'
import type { GatewayId } from '#/access/ids.ts'
import type { VisibilityClass } from '#/access/principal.ts'
import type { Sight } from '#/access/visibility.ts'
import type { Gateway } from '#/gateways/gateway.ts'
import type { GatewayReader, GatewayWriter } from '#/gateways/gateway-store.ts'
import { PLACE_BEFORE, rowBefore, wasOf } from './audited.ts'
import { placeColumns } from './covered-by.ts'
import { changesOf } from './changes-of.ts'
import { olderThan, taggedWith } from './columns.ts'
import { auditGateway } from './gateway-audit.ts'
import { gatewayCreate } from './gateway-create.ts'
import { gatewayRefresh } from './gateway-refresh.ts'
import { gatewayOf, gatewayQuery } from './gateway-rows.ts'
import { gatewayUpdate } from './gateway-update.ts'
import { hit, provenance, versionIs } from './item-writes.ts'
import { readDoubled, readKnown, takenColumns, takenOf, type KnownAsked } from './known-store.ts'
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
    beforeCreate: async ({ slug, sight, place, prefix, key, userId }) => {
      const row = await read
        .selectNoFrom((from) => [
          sql<boolean>`EXISTS (SELECT 1 FROM gateways AS g WHERE ${borne(slug, sight)})`.as('slug_taken'),
          ...takenColumns({ prefix: sql`${prefix}::text`, place: placeColumns(place) }),
          from
            .selectFrom('idempotency_keys')
            .select(
              sql<{
                target: string
                hash: string
              }>`json_build_object('target', target_id, 'hash', encode(request_hash, 'hex'))`.as('r'),
            )
            .where('user_id', '=', userId)
            .where(sql<boolean>`key = ${key}::text`)
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
    slugTaken: async (slug, { sight, except }) => {
      const another = sql<boolean>`${borne(slug, sight)} AND g.id <> ${except}`
      return (await read.selectFrom('gateways as g').select('g.id').where(another).executeTakeFirst()) !== undefined
    },
    doubled: (id, place) => readDoubled(read, id, placeColumns(place)),
  }
}

/** Whether a gateway `g` has the slug and is seen. */
const borne = (slug: string, sight: Sight) => sql<boolean>`(g.slug = ${slug} AND ${seenBy('g', sight)})`

/** What many ask at the same time. */
function asking(read: Reader): Pick<GatewayReader, 'place' | 'seen' | 'byId' | 'known'> {
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
    known: async (id, asked) => {
      const found = await knowns({ id, ...asked })
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
