import type { AuditReader, ForgottenRecords } from './audit.ts'
import { ChainWalk } from './chain-walk.ts'
import { keysBy, SealWalk, type AuditKeys } from './seal-walk.ts'
import type { OpenAuditKey } from './seals.ts'
import { toldApart } from './tell-apart.ts'
import { brokenChain, fault, type BrokenChain, type Fault } from './verdict.ts'
import { WitnessMeeting, type Witness } from './witness.ts'

/** What became of the audit log. `seq` is the first record at which it shows. */
export type AuditVerdict =
  | {
      readonly intact: true
      readonly records: number
      readonly head: string
      /** The newest record that was forgotten when its time was over; null: none was. */
      readonly forgottenThrough: number | null
      /** The number of the first record that is sealed, of those that are kept; null: none is. */
      readonly sealedFrom: number | null
    }
  | BrokenChain

const SLICE = 1_000

export interface Verification {
  /** Absent: no key is known. */
  readonly openKey?: OpenAuditKey
  /** What this machine knows of the log from before; null: nothing. */
  readonly witness?: Witness | null
  /** A head that was noted earlier, somewhere else: it must still be one of this log's. */
  readonly noted?: Buffer | undefined
  readonly signal?: AbortSignal
}

/**
 * Goes through the whole log as it is at this moment. Who may write to the database can compute hashes and heads anew, and not the seals:
 * those tell which record was changed, deleted, inserted or moved, and whether the end is the newest. That all of it, seals included, was
 * put back to an older state shows by what this machine knows of it, or by a head that was noted elsewhere. What retention forgot is said
 * by a record of the chain itself.
 */
export async function verifyAuditChain(reader: AuditReader, verification: Verification = {}): Promise<AuditVerdict> {
  const { openKey, noted, witness = null, signal } = verification
  const tip = await reader.tip()
  const walk = walkFrom(reader, tip.forgotten, keysBy(await reader.keys(), openKey))
  const met = new WitnessMeeting(witness, tip.forgotten)
  let metNoted = noted === undefined || noted.equals(walk.head)
  for (let seq = 0; ;) {
    signal?.throwIfAborted()
    const slice = tip.seq === null ? [] : await reader.chain({ after: seq, last: tip.seq, limit: SLICE })
    for (const [index, record] of slice.entries()) {
      seq = record.seq
      const found = walk.next(record)
      if (found !== null) {
        const more = await reader.chain({ after: seq, last: tip.seq ?? 0, limit: SLICE })
        const following = [...slice.slice(index + 1), ...more]
        return brokenChain(walk.records, seq, toldApart(found, { walk, link: record, following, end: tip.sealed }))
      }
      met.next(record)
      metNoted ||= noted?.equals(walk.head) ?? false
    }
    if (slice.length < SLICE) break
  }
  const wrong = endOf(walk, tip) ?? met.missed() ?? (metNoted ? null : { ...fault('replaced', ANOTHER), seq: null })
  if (wrong !== null) return brokenChain(walk.records, 'seq' in wrong ? wrong.seq : null, wrong)
  return {
    intact: true,
    records: walk.records,
    head: walk.head.toString('hex'),
    forgottenThrough: tip.forgotten?.through ?? null,
    sealedFrom: walk.seals.sealedFrom,
  }
}

type Tip = Awaited<ReturnType<AuditReader['tip']>>

function walkFrom({ seals, nextHead }: AuditReader, forgotten: ForgottenRecords | null, keys: AuditKeys): ChainWalk {
  const from = { seq: forgotten?.through ?? 0 }
  const sealed = new SealWalk({ seals, keys, from, sealed: forgotten?.sealed ?? null })
  return new ChainWalk(nextHead, forgotten?.head ?? Buffer.alloc(0), sealed)
}

/** Why what was walked through cannot be all; null: it is. */
function endOf(walk: ChainWalk, tip: Tip): Fault | null {
  const last = walk.seals.seq
  const isEnd = walk.seals.isEnd(tip.sealed, walk.head)
  if (tip.sealed.keyId !== null && tip.sealed.seq !== last)
    return fault('cut', `the newest record is number ${last}, and the change clock says number ${tip.sealed.seq}`)
  if (!isEnd)
    return fault('cut', `the newest records are missing, or are not ours: the end is not sealed behind number ${last}`)
  if (!walk.head.equals(tip.head)) return fault('cut', CUT)
  const untold = untoldBy(tip)
  return untold === null ? null : fault('cut', untold)
}

/** A number of the clock is given to a record, to a change of the catalog, or to both: why records must be missing; null: all are there. */
function untoldBy({ seq, clock, untraced }: Tip): string | null {
  if (seq === null && clock > 0) return `there is none, though the change clock stands at ${clock}`
  if (untraced === 0) return null
  return `the change clock stands at ${clock}, and ${untraced} of the numbers after ${seq} left neither a record nor a change`
}

export const CUT = 'the newest records are missing, or are not ours'
const ANOTHER = 'the head that was noted is none of this log: it was written anew, or put back to an older copy'
