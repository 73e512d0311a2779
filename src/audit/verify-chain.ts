import type { AuditReader } from './audit.ts'
import { ChainWalk } from './chain-walk.ts'

/** What became of the audit log. `seq` is the first record at which it shows. */
export type AuditVerdict =
  | {
      readonly intact: true
      readonly records: number
      readonly head: string
      /** The newest record that was forgotten when its time was over; null: none was. */
      readonly forgottenThrough: number | null
    }
  | BrokenChain

export interface BrokenChain {
  readonly intact: false
  readonly records: number
  readonly seq: number | null
  readonly why: string
}

const SLICE = 1_000

export interface Verification {
  /** A head that was noted earlier, somewhere else: it must still be one of this log's. */
  readonly noted?: Buffer | undefined
  readonly signal?: AbortSignal
}

/**
 * Goes through the whole log as it is at this moment. A changed record no longer has its hash; one that was deleted, inserted or
 * moved breaks the chain at the next; one with another number has not the head that says it; records that were cut off at the end
 * are missed by the head in the change clock, or by the clock's number where the head was put back. What retention forgot is said by a record of the chain itself. Who may write to the
 * database could chain everything anew: that shows by a head that was noted elsewhere.
 */
export async function verifyAuditChain(
  reader: AuditReader,
  { noted, signal }: Verification = {},
): Promise<AuditVerdict> {
  const tip = await reader.tip()
  const walk = new ChainWalk(reader.nextHead, tip.forgotten?.head ?? Buffer.alloc(0))
  let metNoted = noted === undefined || noted.equals(walk.head)
  let seq = 0
  for (;;) {
    signal?.throwIfAborted()
    const slice = tip.seq === null ? [] : await reader.chain({ after: seq, last: tip.seq, limit: SLICE })
    for (const record of slice) {
      seq = record.seq
      const why = walk.next(record)
      if (why !== null) return brokenChain(walk.records, seq, why)
      metNoted ||= noted?.equals(walk.head) ?? false
    }
    if (slice.length < SLICE) break
  }
  if (!walk.head.equals(tip.head)) return brokenChain(walk.records, null, CUT)
  const untold = untoldBy(tip)
  if (untold !== null) return brokenChain(walk.records, null, untold)
  if (!metNoted) return brokenChain(walk.records, null, ANOTHER)
  const forgottenThrough = tip.forgotten?.through ?? null
  return { intact: true, records: walk.records, head: walk.head.toString('hex'), forgottenThrough }
}

/** A number of the clock is given to a record, to a change of the catalog, or to both: why records must be missing; null: all are there. */
function untoldBy({ seq, clock, untraced }: Awaited<ReturnType<AuditReader['tip']>>): string | null {
  if (seq === null && clock > 0) return `there is none, though the change clock stands at ${clock}`
  if (untraced === 0) return null
  return `the change clock stands at ${clock}, and ${untraced} of the numbers after ${seq} left neither a record nor a change`
}

export const CUT = 'the newest records are missing, or are not ours'
const ANOTHER = 'the head that was noted is none of this log: it was written anew, or put back to an older copy'

export function brokenChain(records: number, seq: number | null, why: string): BrokenChain {
  return { intact: false, records, seq, why }
}
