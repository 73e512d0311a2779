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
import { nextHead } from './audit-record.ts'
import { isFiner, NO_HASH } from './audit-store.ts'
import type { Database } from './store.ts'

const SOURCE = 'security'
/** The action of the records of the audit log that say how far this one was, and with which head. */
const ANCHORED = 'security_log.anchor'

/** Writing the security log: rows are chained one after the other, by whoever holds its head. */
export function securitySink(db: Database): SecuritySink {
  return {
    append: async (entries) => {
      await db.write(SOURCE, async (tx) => {
        let { n, head } = await tx.sql
          .selectFrom('security_head')
          .select(['n', 'head'])
          .forUpdate()
          .executeTakeFirstOrThrow()
        const rows = entries.map((entry) => {
          const hash = hashOf(entry)
          head = nextHead(head, hash, ++n)
          return rowOf(entry, { n, record_hash: hash, head })
        })
        await tx.together(
          tx.sql.insertInto('security_log').values(rows).compile(),
          tx.sql.updateTable('security_head').set({ n, head }).compile(),
        )
      })
    },
  }
}

/** The security log in PostgreSQL. */
export function securityStore(db: Database): SecurityReader {
  const read = db.read(SOURCE)
  const rows = () => read.selectFrom('security_log').selectAll()
  return {
    tip: async () => {
      const found = await read.selectFrom('security_head').selectAll().executeTakeFirstOrThrow()
      return { seq: found.n, head: found.head, keptHead: found.kept_head }
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
    anchors: async () => {
      const found = await read.selectFrom('audit_log').select('detail').where('action', '=', ANCHORED).execute()
      const noted = found.map(({ detail }) => JSON.parse(detail) as { readonly n: number; readonly head: string })
      return new Map(noted.map(({ n, head }) => [n, head]))
    },
  }
}

/** What is done with the security log hour by hour. */
export function securityKeeper(db: Database): SecurityKeeper {
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
      const { rows } = await db.statement(
        SOURCE,
        () => sql<{ gone: number }>`
        WITH old AS (
          SELECT n, head FROM security_log
          WHERE n <= greatest(
            (SELECT n FROM security_head) - ${most}::bigint,
            (SELECT max(n) FROM security_log WHERE at < now() - make_interval(days => ${days}::int)))
          ORDER BY n LIMIT ${SLICE}
        ), gone AS (DELETE FROM security_log USING old WHERE security_log.n = old.n),
        kept AS (
          UPDATE security_head SET kept_from = last.n + 1, kept_head = last.head
          FROM (SELECT n, head FROM old ORDER BY n DESC LIMIT 1) AS last)
        SELECT count(*)::int AS gone FROM old`,
      )
      return rows[0]?.gone ?? 0
    },
  }
}

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
}

type Row = ReturnType<typeof rowOf>

function rowOf(entry: SecurityEntry, chained: Chained) {
  const { at, lastAt, kind, userId, network, why, path, requestId, times } = entry
  return { ...chained, at, last_at: lastAt, kind, user_id: userId, network, why, path, request_id: requestId, times }
}

function recordOf(row: Omit<Row, 'kind'> & { readonly kind: string }): SecurityRecord {
  const { at, last_at: lastAt, user_id: userId, network, why, path, request_id: requestId, times } = row
  const entry = { at, lastAt, kind: row.kind as SecurityKind, userId, network, why, path, requestId, times }
  return { ...entry, seq: row.n, recordHash: row.record_hash, hashNow: hashOf(entry), head: row.head }
}
