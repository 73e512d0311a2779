import type { AuditReader, AuditRecord } from '#/audit/audit.ts'
import { nextHead, recordHash } from './audit-record.ts'
import type { Database } from './store.ts'

/** The audit log in PostgreSQL. */
export function auditStore(db: Database): AuditReader {
  const read = db.read('audit')
  const rows = () =>
    read.selectFrom('audit_log').select(['seq', 'at', 'actor', 'action', 'target_kind', 'target_id', 'detail'])
  return {
    page: async (before, limit) => {
      const found = await rows()
        .$if(before !== null, (query) => query.where('seq', '<', before ?? 0))
        .orderBy('seq', 'desc')
        .limit(limit)
        .execute()
      return found.map(recordOf)
    },
    tip: async () => {
      const { audit_head: head, seq } = await read
        .selectFrom('change_clock')
        .select([
          'audit_head',
          (from) =>
            from
              .selectFrom('audit_log')
              .select(({ fn }) => fn.max('seq').as('m'))
              .as('seq'),
        ])
        .executeTakeFirstOrThrow()
      return { head, seq }
    },
    chain: async (after, last, limit) => {
      const found = await rows()
        .select(['record_hash', 'head'])
        .where('seq', '>', after)
        .where('seq', '<=', last)
        .orderBy('seq')
        .limit(limit)
        .execute()
      return found.map((row) => {
        const record = recordOf(row)
        return { ...record, recordHash: row.record_hash, hashNow: recordHash(record), head: row.head }
      })
    },
    nextHead,
  }
}

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
