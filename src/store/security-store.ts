import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type {
  SecurityEntry,
  SecurityKeeper,
  SecurityKind,
  SecurityReader,
  SecurityRecord,
  SecuritySink,
} from '#/audit/security.ts'
import type { OpenAuditKey } from '#/audit/seals.ts'
import { auditKeys, type AuditKeys } from './audit-keys.ts'
import { nextHead } from './audit-record.ts'
import { isFiner, NO_HASH } from './audit-store.ts'
import { sealsOf } from './chain-seal.ts'
import type { Database, WriteTx } from './store.ts'

const SOURCE = 'security'
/** The action of the records of the audit log that say how far this one was, and with which head. */
const ANCHORED = 'security_log.anchor'

/** Writing the security log: rows are chained one after the other, by whoever holds its head. */
export function securitySink(db: Database, openKey?: OpenAuditKey): SecuritySink {
  const keys = auditKeys(openKey)
  return {
    append: async (entries) => {
      await db.write(SOURCE, async (tx) => {
        let { n, head, seal: state, key } = await taken(tx, keys)
        const rows = entries.map((entry) => {
          const hash = hashOf(entry)
          head = nextHead(head, hash, ++n)
          const place = { recordHash: hash, seq: n, previous: n - 1, head }
          const link = key === null ? null : SEALS.link(key.bytes, state ?? NO_STATE, place)
          state = link?.state ?? null
          const sealed = { key_id: key?.id ?? null, seal: link?.seal ?? null }
          return rowOf(entry, { n, record_hash: hash, head, ...sealed })
        })
        await tx.together(
          tx.sql.insertInto('security_log').values(rows).compile(),
          tx.sql.updateTable('security_head').set({ n, head, seal: state }).compile(),
        )
      })
    },
  }
}

const SEALS = sealsOf('security')
const NO_STATE = Buffer.alloc(0)

/** The end of the log, which nobody else has until this transaction is over, and the key that it goes on with. */
async function taken({ sql: db }: WriteTx, keys: AuditKeys) {
  const head = db.selectFrom('security_head').select(['n', 'head', 'seal']).forUpdate().executeTakeFirstOrThrow()
  // Sent with the first and run after it: what others changed before they let go of the head is seen.
  const key = db
    .selectFrom('change_clock')
    .leftJoin('audit_keys', 'audit_keys.id', 'change_clock.audit_key')
    .select(['audit_key as id', 'sealed'])
    .executeTakeFirstOrThrow()
  const [end, { id, sealed }] = await Promise.all([head, key])
  return { ...end, key: id === null ? null : { id, bytes: keys.open(id, sealed) } }
}

/** The security log in PostgreSQL. */
export function securityStore(db: Database): SecurityReader {
  const read = db.read(SOURCE)
  const rows = () => read.selectFrom('security_log').selectAll()
  return {
    tip: async () => {
      const found = await read.selectFrom('security_head').selectAll().executeTakeFirstOrThrow()
      const { kept_seal: seal, kept_key: keyId } = found
      return {
        seq: found.n,
        head: found.head,
        state: found.seal,
        kept: {
          seq: found.kept_from - 1,
          head: found.kept_head,
          sealed: seal && { seal: seal.subarray(0, -PROOF), proof: seal.subarray(-PROOF), keyId: keyId ?? '' },
        },
      }
    },
    page: async (kind, before, limit) =>
      (
        await rows()
          .$if(kind !== null, (query) => query.where('kind', '=', kind ?? ''))
          .$if(before !== null, (query) => query.where('n', '<', before ?? 0))
          .orderBy('n', 'desc')
          .limit(limit)
          .execute()
      ).map(recordOf),
    chain: async ({ after, last, limit }) =>
      (
        await rows()
          .select(sql<boolean>`${isFiner('at')} OR ${isFiner('last_at')}`.as('is_finer'))
          .where('n', '>', after)
          .where('n', '<=', last)
          .orderBy('n')
          .limit(limit)
          .execute()
      ).map((row) => ({ ...recordOf(row), ...(row.is_finer && { hashNow: NO_HASH }) })),
    seals: SEALS,
    anchors: async () => {
      const found = await read.selectFrom('audit_log').select('detail').where('action', '=', ANCHORED).execute()
      const noted = found.map(({ detail }) => JSON.parse(detail) as { readonly n: number; readonly head: string })
      return new Map(noted.map(({ n, head }) => [n, head]))
    },
  }
}

/** What is done with the security log hour by hour. */
export function securityKeeper(db: Database, openKey?: OpenAuditKey): SecurityKeeper {
  const keys = auditKeys(openKey)
  return {
    anchor: async () => {
      await db.write(SOURCE, async (tx) => {
        const { n, head, anchored } = await tx.sql
          .selectFrom('security_head')
          .select([
            'n',
            'head',
            sql<boolean>`EXISTS (SELECT FROM audit_log
              WHERE action = ${ANCHORED} AND target_id = security_head.n::text)`.as('anchored'),
          ])
          .executeTakeFirstOrThrow()
        if (n === 0 || anchored) return
        const detail = { n, head: head.toString('hex') }
        tx.audit({ actor: 'causeway', action: ANCHORED, targetKind: 'security_log', targetId: String(n), detail })
      })
    },
    forget: async ({ days, most }) => {
      const { value } = await db.write(SOURCE, async (tx) => {
        await taken(tx, keys)
        const { rows } = await sql<Gone>`
          WITH old AS (
            SELECT n FROM security_log
            WHERE n <= greatest(
              (SELECT n FROM security_head) - ${most}::bigint,
              (SELECT max(n) FROM security_log WHERE at < now() - make_interval(days => ${days}::int)))
            ORDER BY n LIMIT ${SLICE}
          ), gone AS (
            DELETE FROM security_log USING old WHERE security_log.n = old.n
            RETURNING security_log.n, head, seal, key_id)
          SELECT n, head, seal, key_id, (SELECT sealed FROM audit_keys WHERE id = key_id) AS key_sealed,
            (SELECT count(*)::int FROM gone) AS entries
          FROM gone ORDER BY n DESC LIMIT 1`.execute(tx.sql)
        const gone = rows[0]
        if (gone === undefined) return 0
        await tx.sql.updateTable('security_head').set(keptAfter(gone, keys)).execute()
        return gone.entries
      })
      return value
    },
  }
}

interface Gone {
  readonly n: number
  readonly head: Buffer
  readonly seal: Buffer | null
  readonly key_id: string | null
  readonly key_sealed: string | null
  readonly entries: number
}

function keptAfter({ n, head, seal, key_id: keyId, key_sealed: keySealed }: Gone, keys: AuditKeys) {
  const kept = { kept_from: n + 1, kept_head: head, kept_key: keyId }
  if (seal === null || keyId === null) return { ...kept, kept_seal: null }
  const proof = SEALS.proof(keys.open(keyId, keySealed), { seq: n, head }, seal)
  return { ...kept, kept_seal: Buffer.concat([seal, proof]) }
}

/** Bytes of the proof behind the seal of the newest entry that was forgotten. */
const PROOF = 16

/** Of one statement that forgets. */
const SLICE = 10_000

/** SHA-256 of an entry as one JSON array in this order, times in ISO 8601 with milliseconds. */
function hashOf({ at, lastAt, kind, userId, network, why, path, requestId, times }: SecurityEntry): Buffer {
  const said = [at.toISOString(), lastAt.toISOString(), kind, userId, network, why, path, requestId, times]
  return createHash('sha256').update(JSON.stringify(said)).digest()
}

interface Chained {
  readonly n: number
  readonly record_hash: Buffer
  readonly head: Buffer
  readonly key_id: string | null
  readonly seal: Buffer | null
}

type Row = ReturnType<typeof rowOf>

function rowOf(entry: SecurityEntry, chained: Chained) {
  const { at, lastAt, kind, userId, network, why, path, requestId, times } = entry
  return { ...chained, at, last_at: lastAt, kind, user_id: userId, network, why, path, request_id: requestId, times }
}

function recordOf(row: Omit<Row, 'kind'> & { readonly kind: string }): SecurityRecord {
  const { at, last_at: lastAt, user_id: userId, network, why, path, request_id: requestId, times } = row
  const entry = { at, lastAt, kind: row.kind as SecurityKind, userId, network, why, path, requestId, times }
  const sealed = row.seal && { seal: row.seal, keyId: row.key_id ?? '', previous: row.n - 1 }
  return { ...entry, seq: row.n, recordHash: row.record_hash, hashNow: hashOf(entry), head: row.head, sealed }
}
