import { escapeLiteral } from 'pg'
import type { ChangeKind } from '#/catalog/changes.ts'
import { recordHash } from './audit-record.ts'
import type { AuditEntry } from './store.ts'

/** The channel on which the clock's number is announced. */
export const CHANNEL = 'causeway'

/** What a transaction has to say of a change when it ends. */
export interface Announcement {
  readonly changes: ReadonlyMap<ChangeKind, ReadonlySet<string>>
  readonly audit: AuditEntry | undefined
}

/**
 * The end of a transaction, as one text for one round trip: for each change take the clock, write the change rows and the audit row
 * with its number, announce it; then commit. Values are literals, because parameters allow one statement only.
 */
export function endOf(announcements: readonly Announcement[], at: Date): string {
  return [...announcements.map((one) => announced(one, at)).filter((text) => text !== ''), 'COMMIT'].join('; ')
}

function announced({ changes, audit }: Announcement, at: Date): string {
  const rows = [...changes].flatMap(([kind, ids]) =>
    [...ids].map((id) => `(${escapeLiteral(kind)}, ${escapeLiteral(id)})`),
  )
  if (rows.length === 0 && audit === undefined) return ''
  const hash = audit === undefined ? undefined : hashed(audit, at)
  const head = hash === undefined ? 'audit_head' : `sha256(audit_head || ${bytes(hash.hash)} || int8send(seq + 1))`
  const parts = [
    `clock AS (UPDATE change_clock SET seq = seq + 1, audit_head = ${head} RETURNING seq, audit_head)`,
    ...(rows.length === 0 ? [] : [changeRows(rows)]),
    ...(hash === undefined ? [] : [auditRow(hash)]),
  ]
  return `WITH ${parts.join(', ')} SELECT seq, pg_notify('${CHANNEL}', seq::text) FROM clock`
}

function changeRows(rows: readonly string[]): string {
  return (
    'change_rows AS (INSERT INTO changes (seq, kind, id) ' +
    `SELECT clock.seq, c.kind, c.id FROM clock, (VALUES ${rows.join(', ')}) AS c (kind, id))`
  )
}

interface Hashed {
  readonly values: readonly string[]
  readonly hash: Buffer
}

function hashed({ actor, action, targetKind, targetId, detail }: AuditEntry, at: Date): Hashed {
  const json = JSON.stringify(detail)
  return {
    values: [at.toISOString(), actor, action, targetKind, targetId, json],
    hash: recordHash({ at, actor, action, targetKind, targetId, detail: json }),
  }
}

function auditRow({ values, hash }: Hashed): string {
  const [at = '', ...texts] = values.map((value) => escapeLiteral(value))
  return (
    'audit_row AS (INSERT INTO audit_log (seq, at, actor, action, target_kind, target_id, detail, record_hash, head) ' +
    `SELECT clock.seq, ${at}::timestamptz, ${texts.join(', ')}, ${bytes(hash)}, clock.audit_head FROM clock)`
  )
}

function bytes(value: Buffer): string {
  return `'\\x${value.toString('hex')}'::bytea`
}
