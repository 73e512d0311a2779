import type { AuditReader } from './audit.ts'

/** What became of the audit log. `seq` is the first record at which it shows. */
export type AuditVerdict =
  | { readonly intact: true; readonly records: number; readonly head: string }
  | { readonly intact: false; readonly records: number; readonly seq: number | null; readonly why: string }

const SLICE = 1_000
const MOVED = 'it was renumbered, or records before it were deleted, inserted or moved'

/**
 * Goes through the whole log as it is at this moment. A changed record no longer has its hash; one that was deleted, inserted or
 * moved breaks the chain at the next; one with another number has not the head that says it; records that were cut off at the end
 * are missed by the head in the change clock. The first records of an old log have heads that say no numbers: after the first that
 * does, all must.
 */
export async function verifyAuditChain(reader: AuditReader): Promise<AuditVerdict> {
  const tip = await reader.tip()
  let head = Buffer.alloc(0)
  let records = 0
  let seq = 0
  let numbered = false
  for (;;) {
    const slice = tip.seq === null ? [] : await reader.chain(seq, tip.seq, SLICE)
    for (const record of slice) {
      seq = record.seq
      if (!record.hashNow.equals(record.recordHash)) return broken(records, seq, 'the record was changed')
      numbered ||= record.head.equals(reader.nextHead(head, record.recordHash, seq))
      head = Buffer.from(reader.nextHead(head, record.recordHash, numbered ? seq : null))
      if (!record.head.equals(head)) return broken(records, seq, MOVED)
      records++
    }
    if (slice.length < SLICE) break
  }
  if (!head.equals(tip.head)) return broken(records, null, 'the newest records are missing, or are not ours')
  return { intact: true, records, head: head.toString('hex') }
}

function broken(records: number, seq: number | null, why: string): AuditVerdict {
  return { intact: false, records, seq, why }
}
