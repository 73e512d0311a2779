import type { AuditReader } from './audit.ts'
import type { WitnessStore } from './keep-witness.ts'
import type { Witness } from './witness.ts'

/** How the log stands to what this machine knows of it, at a glance; `causeway audit verify` goes through all of it. */
export type WitnessState = 'unsealed' | 'unknown' | 'followed' | 'replaced'

export interface Witnesses {
  readonly store: WitnessStore
  readonly reader: Pick<AuditReader, 'tip' | 'chain'>
  /** What this machine knows; null: nothing yet. */
  readonly known: () => Promise<Witness | null>
}

export async function witnessState({ store, reader, known }: Witnesses): Promise<WitnessState> {
  // Before the log is looked at: what is known now is in there then.
  const witness = await known()
  const seen = await store.seen(witness?.seq ?? 0)
  if (seen === null) return 'unsealed'
  if (witness === null) return 'unknown'
  if (seen.restored !== null) return 'followed'
  if (seen.seq < witness.seq) return 'replaced'
  const [record] = await reader.chain({ after: witness.seq - 1, last: witness.seq, limit: 1 })
  if (record !== undefined) return record.head.toString('hex') === witness.head ? 'followed' : 'replaced'
  const { forgotten } = await reader.tip()
  return (forgotten?.through ?? 0) >= witness.seq ? 'followed' : 'replaced'
}
