import { escapeLiteral } from 'pg'
import type { ChangeKind } from '#/catalog/changes.ts'
import { nextHead, recordHash } from './audit-record.ts'
import { sealsOf } from './chain-seal.ts'
import type { AuditEntry } from './store.ts'

/** The channel on which the clock's number is announced. */
export const CHANNEL = 'causeway'

/** What a transaction has to say of a change when it ends. */
export interface Announcement {
  readonly changes: ReadonlyMap<ChangeKind, ReadonlySet<string>>
  readonly audit: AuditEntry | undefined
}

/** The change clock as a record is to follow it. */
export interface Clock {
  readonly seq: number
  /** Of the audit chain. */
  readonly audit_head: Buffer
  /** The number of its newest record. */
  readonly audit_seq: number
  /** The state of the sealed chain, and the key that it goes on with; null: the log is not sealed. */
  readonly audit_seal: Buffer | null
  readonly audit_key: string | null
}

/** Reads the clock, without waiting for anybody. */
export const CLOCK_NOW = 'SELECT seq, audit_head, audit_seq, audit_seal, audit_key FROM change_clock'

/** Takes it first. */
export const CLOCK_TAKEN = `${CLOCK_NOW} FOR NO KEY UPDATE`

/** The key of the clock as it is kept. */
export const keySealed = (id: string): string => `SELECT sealed FROM audit_keys WHERE id = ${escapeLiteral(id)}`

export interface Ending {
  readonly at: Date
  /** As it was read; where it has moved since, a statement with a record fails with this state. */
  readonly clock: Clock
  /** The one that the clock names; null: it names none. */
  readonly key: Buffer | null
}

/** 1 / 0: whoever else took the clock meanwhile has changed it. */
export const CLOCK_MOVED = '22012'

/**
 * The end of a transaction, as one text for one round trip: for each change take the clock, write the change rows and the audit row
 * with its number, announce it; then commit. Values are literals, because parameters allow one statement only.
 */
export function endOf(announcements: readonly Announcement[], { at, clock, key }: Ending): string {
  const texts: string[] = []
  let now = clock
  for (const { changes, audit } of announcements) {
    const rows = [...changes].flatMap(([kind, ids]) =>
      [...ids].map((id) => `(${escapeLiteral(kind)}, ${escapeLiteral(id)})`),
    )
    if (audit !== undefined) {
      const link = linked(audit, at, { now, key })
      texts.push(recorded(rows, now, link))
      now = link.after
    } else if (rows.length > 0) {
      texts.push(announced(rows))
      now = { ...now, seq: now.seq + 1 }
    }
  }
  return [...texts, 'COMMIT'].join('; ')
}

function announced(rows: readonly string[]): string {
  const clock = 'clock AS (UPDATE change_clock SET seq = seq + 1 RETURNING seq)'
  return `WITH ${clock}, ${changeRows(rows)} SELECT seq, pg_notify('${CHANNEL}', seq::text) FROM clock`
}

/** The record is linked to the clock as it was read, so the clock must be the same still. */
function recorded(rows: readonly string[], before: Clock, { after, values }: Link): string {
  const set = `seq = ${after.seq}, audit_seq = ${after.seq}, audit_head = ${bytes(after.audit_head)}, audit_seal = ${bytes(after.audit_seal)}`
  const unmoved =
    `seq = ${before.seq} AND audit_head = ${bytes(before.audit_head)} ` +
    `AND audit_seal IS NOT DISTINCT FROM ${bytes(before.audit_seal)}`
  const parts = [
    `clock AS (UPDATE change_clock SET ${set} WHERE ${unmoved} RETURNING seq)`,
    ...(rows.length === 0 ? [] : [changeRows(rows)]),
    'audit_row AS (INSERT INTO audit_log (seq, at, actor, action, target_kind, target_id, detail, record_hash, head, ' +
      `previous, key_id, seal) SELECT ${values.join(', ')} FROM clock)`,
  ]
  const seq = 'max(seq) AS seq'
  return `WITH ${parts.join(', ')} SELECT 1 / count(*), ${seq}, pg_notify('${CHANNEL}', max(seq)::text) FROM clock`
}

function changeRows(rows: readonly string[]): string {
  return (
    'change_rows AS (INSERT INTO changes (seq, kind, id) ' +
    `SELECT clock.seq, c.kind, c.id FROM clock, (VALUES ${rows.join(', ')}) AS c (kind, id))`
  )
}

interface Link {
  readonly after: Clock
  /** Of the row, as literals. */
  readonly values: readonly string[]
}

const SEALS = sealsOf('audit')
const NO_STATE = Buffer.alloc(0)

function linked(entry: AuditEntry, at: Date, { now, key }: { readonly now: Clock; readonly key: Buffer | null }): Link {
  const { actor, action, targetKind, targetId } = entry
  const detail = JSON.stringify(entry.detail)
  const hash = recordHash({ at, actor, action, targetKind, targetId, detail })
  const seq = now.seq + 1
  const head = nextHead(now.audit_head, hash, seq)
  const { audit_key: keyId, audit_seq: previous } = now
  const place = { recordHash: hash, seq, previous, head }
  const { seal, state } =
    key === null ? { seal: null, state: null } : SEALS.link(key, now.audit_seal ?? NO_STATE, place)
  const texts = [actor, action, targetKind, targetId, detail].map((text) => escapeLiteral(text))
  const time = `${escapeLiteral(at.toISOString())}::timestamptz`
  const named = keyId === null ? 'NULL' : escapeLiteral(keyId)
  return {
    after: { ...now, seq, audit_seq: seq, audit_head: head, audit_seal: state },
    values: [String(seq), time, ...texts, bytes(hash), bytes(head), String(previous), named, bytes(seal)],
  }
}

function bytes(value: Buffer | null): string {
  return value === null ? 'NULL::bytea' : `'\\x${value.toString('hex')}'::bytea`
}
