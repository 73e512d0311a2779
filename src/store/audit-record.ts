import { createHash } from 'node:crypto'

/** What is hashed of one administrative change: everything but its number, which the head of the chain says. */
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

/**
 * The head of the chain after a record: SHA-256(previous head ‖ record hash ‖ number as 64 bits, big endian). The chain begins with an
 * empty head. `seq` null: without the number, as the first records of an old log were chained.
 */
export function nextHead(previous: Buffer, hash: Buffer, seq: number | null): Buffer {
  const head = createHash('sha256').update(previous).update(hash)
  if (seq === null) return head.digest()
  const number = Buffer.alloc(8)
  number.writeBigInt64BE(BigInt(seq))
  return head.update(number).digest()
}
