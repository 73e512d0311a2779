import { ChainWalk, type NextHead } from './chain-walk.ts'
import type { SecurityReader } from './security.ts'
import { brokenChain, CUT, type BrokenChain } from './verify-chain.ts'

/** What became of the security log. */
export type SecurityVerdict = { readonly intact: true; readonly records: number } | BrokenChain

const SLICE = 1_000

/** Goes through what is kept of the security log, and compares it with what the audit log noted of it hour by hour. */
export async function verifySecurityLog(
  reader: SecurityReader,
  nextHead: NextHead,
  signal?: AbortSignal,
): Promise<SecurityVerdict> {
  // Anchors first: what they name was there then, however much has followed since.
  const anchors = await reader.anchors()
  const tip = await reader.tip()
  const walk = new ChainWalk(nextHead, tip.keptHead)
  let seq = 0
  for (;;) {
    signal?.throwIfAborted()
    const slice = await reader.chain({ after: seq, last: tip.seq, limit: SLICE })
    for (const record of slice) {
      seq = record.seq
      const why = walk.next(record)
      if (why !== null) return brokenChain(walk.records, seq, why)
      const anchor = anchors.get(seq)
      if (anchor !== undefined && anchor !== record.head.toString('hex'))
        return brokenChain(walk.records, seq, 'the audit log noted another head here: it was written anew')
    }
    if (slice.length < SLICE) break
  }
  const newest = Math.max(0, ...anchors.keys())
  if (!walk.head.equals(tip.head) || newest > tip.seq) return brokenChain(walk.records, null, CUT)
  return { intact: true, records: walk.records }
}
