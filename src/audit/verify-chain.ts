import type { AuditReader, ChainedRecord } from './audit.ts'

/** What became of the audit log. `seq` is the first record at which it shows. */
export type AuditVerdict =
  | {
      readonly intact: true
      readonly records: number
      readonly head: string
      /** The newest record that was forgotten when its time was over; null: none was. */
      readonly forgottenThrough: number | null
    }
  | { readonly intact: false; readonly records: number; readonly seq: number | null; readonly why: string }

const SLICE = 1_000
const MOVED = 'it was renumbered, or records before it were deleted, inserted or moved'

export interface Verification {
  /** A head that was noted earlier, somewhere else: it must still be one of this log's. */
  readonly noted?: Buffer | undefined
  readonly signal?: AbortSignal
}

/**
 * Goes through the whole log as it is at this moment. A changed record no longer has its hash; one that was deleted, inserted or
 * moved breaks the chain at the next; one with another number has not the head that says it; records that were cut off at the end
 * are missed by the head in the change clock. What retention forgot is said by a record of the chain itself. Who may write to the
 * database could chain everything anew: that shows by a head that was noted elsewhere.
 */
export async function verifyAuditChain(
  reader: AuditReader,
  { noted, signal }: Verification = {},
): Promise<AuditVerdict> {
  const tip = await reader.tip()
  const walk = new ChainWalk(reader, tip.forgotten?.head ?? Buffer.alloc(0), noted)
  let seq = 0
  for (;;) {
    signal?.throwIfAborted()
    const slice = tip.seq === null ? [] : await reader.chain({ after: seq, last: tip.seq, limit: SLICE })
    for (const record of slice) {
      seq = record.seq
      const why = walk.next(record)
      if (why !== null) return broken(walk.records, seq, why)
    }
    if (slice.length < SLICE) break
  }
  if (!walk.head.equals(tip.head)) return broken(walk.records, null, 'the newest records are missing, or are not ours')
  if (!walk.metNoted)
    return broken(
      walk.records,
      null,
      'the head that was noted is none of this log: it was written anew, or put back to an older copy',
    )
  const forgottenThrough = tip.forgotten?.through ?? null
  return { intact: true, records: walk.records, head: walk.head.toString('hex'), forgottenThrough }
}

/** The chain from record to record. The first records of an old log have heads that say no numbers: after the first that does, all must. */
class ChainWalk {
  readonly #reader: AuditReader
  readonly #noted: Buffer | undefined
  #numbered = false
  head: Buffer
  records = 0
  metNoted: boolean

  constructor(reader: AuditReader, head: Buffer, noted: Buffer | undefined) {
    this.#reader = reader
    this.#noted = noted
    this.head = head
    this.metNoted = noted === undefined || noted.equals(head)
  }

  /** Why this cannot be the next record; null: it is. */
  next({ seq, recordHash, hashNow, head }: ChainedRecord): string | null {
    if (!hashNow.equals(recordHash)) return 'the record was changed'
    this.#numbered ||= head.equals(this.#reader.nextHead(this.head, recordHash, seq))
    this.head = Buffer.from(this.#reader.nextHead(this.head, recordHash, this.#numbered ? seq : null))
    if (!head.equals(this.head)) return MOVED
    this.metNoted ||= this.#noted?.equals(this.head) ?? false
    this.records++
    return null
  }
}

function broken(records: number, seq: number | null, why: string): AuditVerdict {
  return { intact: false, records, seq, why }
}
