import type { AuditReader } from './audit.ts'
import { ChainWalk } from './chain-walk.ts'
import { keysBy, SealWalk, type AuditKeys } from './seal-walk.ts'
import type { OpenAuditKey } from './seals.ts'
import type { SecurityReader, SecurityTip } from './security.ts'
import { toldApart } from './tell-apart.ts'
import { brokenChain, fault, type BrokenChain, type Fault } from './verdict.ts'
import { CUT } from './verify-chain.ts'

/** What became of the security log. */
export type SecurityVerdict = { readonly intact: true; readonly records: number } | BrokenChain

const SLICE = 1_000
const REWRITTEN = 'the audit log noted another head here: it was written anew'
const NOT_FORGOTTEN = 'its beginning was deleted, and not because its time was over'

export interface SecurityVerification {
  readonly audit: Pick<AuditReader, 'nextHead' | 'keys' | 'tip'>
  readonly openKey?: OpenAuditKey
  readonly signal?: AbortSignal
}

/** Goes through what is kept of the security log, and compares it with what the audit log noted of it hour by hour. */
export async function verifySecurityLog(
  reader: SecurityReader,
  { audit, openKey, signal }: SecurityVerification,
): Promise<SecurityVerdict> {
  // Anchors first: what they name was there then, however much has followed since.
  const anchors = await reader.anchors()
  const tip = await reader.tip()
  const keys = keysBy(await audit.keys(), openKey)
  const begun = beginning(reader, tip, keys)
  if (begun !== null) return brokenChain(0, tip.kept.seq + 1, begun)
  const { kept, state } = tip
  const seals = new SealWalk({ seals: reader.seals, keys, from: kept, sealed: kept.sealed })
  const walk = new ChainWalk(audit.nextHead, kept.head, seals)
  // Where changes are sealed refusals are: an end without a state was put there.
  const end = { state, keyId: (await audit.tip()).sealed.keyId }
  for (let seq = 0; ;) {
    signal?.throwIfAborted()
    const slice = await reader.chain({ after: seq, last: tip.seq, limit: SLICE })
    for (const [index, record] of slice.entries()) {
      seq = record.seq
      const found = walk.next(record)
      const link = { walk, link: record, following: slice.slice(index + 1), end }
      if (found !== null) return brokenChain(walk.records, seq, toldApart(found, link))
      const anchor = anchors.get(seq)
      if (anchor !== undefined && anchor !== record.head.toString('hex'))
        return brokenChain(walk.records, seq, fault('replaced', REWRITTEN))
    }
    if (slice.length < SLICE) break
  }
  const newest = Math.max(0, ...anchors.keys())
  const isWhole = walk.head.equals(tip.head) && newest <= tip.seq && walk.seals.isEnd(end, walk.head)
  return isWhole ? { intact: true, records: walk.records } : brokenChain(walk.records, null, fault('cut', CUT))
}

/** Why what is said to be forgotten was deleted; null: it was forgotten, or nothing was. */
function beginning({ seals }: SecurityReader, { kept }: SecurityTip, keys: AuditKeys): Fault | null {
  if (kept.sealed === null) return null
  const { keyId, seal, proof } = kept.sealed
  const key = keys.of(keyId)
  if (key === null)
    return fault('unknown_key', `what was forgotten is sealed with the key '${keyId}', which is not known here`)
  return seals.proof(key, kept, seal).equals(proof) ? null : fault('deleted', NOT_FORGOTTEN)
}
