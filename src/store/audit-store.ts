import { sql, type RawBuilder } from 'kysely'
import type {
  AuditAttic,
  AuditFilter,
  AuditReader,
  AuditRecord,
  ForgettingAction,
  ForgottenRecords,
} from '#/audit/audit.ts'
import { nextHead, recordHash } from './audit-record.ts'
import { sealsOf } from './chain-seal.ts'
import type { Database, Reader } from './store.ts'

const SOURCE = 'audit'
const FORGOTTEN: ForgettingAction = 'audit.forget'

/** The audit log in PostgreSQL. */
export function auditStore(db: Database): AuditReader {
  const read = db.read(SOURCE)
  const rows = ({ actor, action, targetKind, targetId, since, until }: AuditFilter) =>
    read
      .selectFrom('audit_log')
      .select(['seq', 'at', 'actor', 'action', 'target_kind', 'target_id', 'detail'])
      .$if(actor !== undefined, (query) => query.where('actor', '=', actor ?? ''))
      .$if(action !== undefined, (query) =>
        query.where(sql<boolean>`(action = ${action} OR starts_with(action, ${`${action}.`}))`),
      )
      .$if(targetKind !== undefined, (query) => query.where('target_kind', '=', targetKind ?? ''))
      .$if(targetId !== undefined, (query) => query.where('target_id', '=', targetId ?? ''))
      .$if(since !== undefined, (query) => query.where('at', '>=', since ?? null))
      .$if(until !== undefined, (query) => query.where('at', '<', until ?? null))
  return {
    page: async (filter, before, limit) => {
      const found = await rows(filter)
        .$if(before !== null, (query) => query.where('seq', '<', before ?? 0))
        .orderBy('seq', 'desc')
        .limit(limit)
        .execute()
      return found.map(recordOf)
    },
    tip: tip(read),
    chain: async ({ after, last, limit }, filter = {}) => {
      const found = await rows(filter)
        .select(['record_hash', 'head', 'previous', 'key_id', 'seal', isFiner('at').as('is_finer')])
        .where('seq', '>', after)
        .where('seq', '<=', last)
        .orderBy('seq')
        .limit(limit)
        .execute()
      return found.map((row) => {
        const record = recordOf(row)
        return {
          ...record,
          recordHash: row.record_hash,
          hashNow: row.is_finer ? NO_HASH : recordHash(record),
          head: row.head,
          sealed: row.seal && { seal: row.seal, keyId: row.key_id ?? '', previous: row.previous ?? 0 },
        }
      })
    },
    nextHead,
    seals: sealsOf('audit'),
    keys: () => read.selectFrom('audit_keys').select(['id', 'sealed']).execute(),
    offeredSince: offeredSince(read),
  }
}

function tip(read: Reader): AuditReader['tip'] {
  return async () => {
    const { seq, head, clock, untraced, gone, ...end } = await read
      .selectFrom(
        sql<Tip>`(
          SELECT clock.audit_head AS head, newest.seq AS seq, clock.seq AS clock,
            clock.audit_seq, clock.audit_seal AS state, clock.audit_key,
            greatest(0, clock.seq - since.seq - (
              SELECT count(DISTINCT c.seq) FROM changes AS c WHERE c.seq > since.seq AND c.seq <= clock.seq))::int AS untraced,
            (SELECT detail FROM audit_log WHERE action = ${FORGOTTEN} ORDER BY seq DESC LIMIT 1) AS gone
          FROM change_clock AS clock CROSS JOIN (SELECT max(seq) AS seq FROM audit_log) AS newest
          CROSS JOIN LATERAL (SELECT greatest(coalesce(newest.seq, 0), clock.kept_from - 1) AS seq) AS since)`.as(
          'tip',
        ),
      )
      .selectAll()
      .executeTakeFirstOrThrow()
    const sealed = { seq: end.audit_seq, state: end.state, keyId: end.audit_key }
    return { seq, head, clock, untraced, sealed, forgotten: gone === null ? null : forgottenBy(gone) }
  }
}

/** What a record says that tells of forgetting; null: it was changed. */
function forgottenBy(detail: string): ForgottenRecords | null {
  const said = readDetail(detail)
  if (typeof said?.through !== 'number' || typeof said.head !== 'string') return null
  const { through, seal, key } = said
  const sealed = typeof seal === 'string' ? { seal: Buffer.from(seal, 'hex'), keyId: key ?? '' } : null
  return { through, head: Buffer.from(said.head, 'hex'), sealed }
}

/** Times are written and hashed in milliseconds: one that says more was changed. */
export const isFiner = (column: string): RawBuilder<boolean> =>
  sql`${sql.ref(column)} <> date_trunc('milliseconds', ${sql.ref(column)})`
/** Of what has a form in which nothing is hashed. */
export const NO_HASH = Buffer.alloc(0)

function offeredSince(read: Reader): AuditReader['offeredSince'] {
  return async (kind, { since, after, limit }) => {
    const found = await read
      .selectFrom(`${kind}s`)
      .select('id')
      .where('created_at', '>=', since)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute()
    return found.map(({ id }) => id)
  }
}

function readDetail(detail: string): Partial<GoneDetail> | null {
  try {
    return JSON.parse(detail) as Partial<GoneDetail> | null
  } catch {
    return null
  }
}

interface Tip {
  readonly head: Buffer
  readonly seq: number | null
  readonly clock: number
  readonly untraced: number
  readonly audit_seq: number
  readonly state: Buffer | null
  readonly audit_key: string | null
  readonly gone: string | null
}

/** Forgetting what is older than it has to be kept. */
export function auditAttic(db: Database): AuditAttic {
  return {
    forget: async (olderThan, slice) => {
      const { value } = await db.write(SOURCE, async (tx) => {
        const { rows } = await sql<Gone>`
          WITH old AS (
            SELECT max(seq) AS seq FROM (
              SELECT seq FROM audit_log WHERE at < ${olderThan} ORDER BY seq LIMIT ${slice}) AS oldest
          ), gone AS (DELETE FROM audit_log USING old WHERE audit_log.seq <= old.seq RETURNING audit_log.seq, head, seal, key_id)
          SELECT seq AS through, encode(head, 'hex') AS head, encode(seal, 'hex') AS seal, key_id AS key,
            (SELECT count(*)::int FROM gone) AS records
          FROM gone ORDER BY seq DESC LIMIT 1`.execute(tx.sql)
        const gone = rows[0]
        if (gone === undefined) return 0
        const { records, through, head, seal, key } = gone
        // With the seal the sealed chain can be followed from here on.
        const detail = { records, through, head, ...(seal !== null && { seal, key }) }
        tx.audit({ actor: 'retention', action: FORGOTTEN, targetKind: 'audit', targetId: String(through), detail })
        return records
      })
      return value
    },
  }
}

/** The newest record that was forgotten, and how many. */
interface Gone {
  readonly records: number
  readonly through: number
  readonly head: string
  readonly seal: string | null
  readonly key: string | null
}
type GoneDetail = Pick<Gone, 'through' | 'head'> & { readonly seal?: string; readonly key?: string }

interface Row {
  readonly seq: number
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly target_kind: string
  readonly target_id: string
  readonly detail: string
}

function recordOf({ seq, at, actor, action, target_kind: targetKind, target_id: targetId, detail }: Row): AuditRecord {
  return { seq, at, actor, action, targetKind, targetId, detail }
}
