import { createHash } from 'node:crypto'

/** What is hashed of one administrative change: everything but its place in the chain. */
export interface AuditRecord {
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly targetKind: string
  readonly targetId: string
  /** JSON, exactly as stored. */
  readonly detail: string
}

/** SHA-256 of the record as one JSON array in this order, time in ISO 8601 with milliseconds. */
export function recordHash(record: AuditRecord): Buffer {
  const { at, actor, action, targetKind, targetId, detail } = record
  const canonical = JSON.stringify([at.toISOString(), actor, action, targetKind, targetId, detail])
  return createHash('sha256').update(canonical).digest()
}

/** The head of the chain after a record: SHA-256(previous head ‖ record hash). The chain begins with an empty head. */
export function nextHead(previous: Buffer, hash: Buffer): Buffer {
  return createHash('sha256').update(previous).update(hash).digest()
}
