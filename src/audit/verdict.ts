/** What can be wrong with a log, in words for whoever has to find out why. `out_of_order`: more cannot be told without a seal. */
export const FINDINGS = {
  changed: 'the record was changed',
  deleted: 'records before it were deleted',
  inserted: 'the record was inserted: it was not written here by this gateway',
  reordered: 'the record was moved: it was written under another number',
  out_of_order: 'records were deleted, inserted or moved',
  cut: 'the newest records were cut off',
  replaced: 'the log was replaced by an older state, or written anew',
  unsealed: 'the record has no seal, though those before it have',
  unknown_key: 'it is sealed with a key that is not known here',
  retired_key: 'it is sealed with a key that was retired before',
} as const
export type Finding = keyof typeof FINDINGS

export interface Fault {
  readonly found: Finding
  readonly why: string
}

export function fault(found: Finding, why: string = FINDINGS[found]): Fault {
  return { found, why }
}

/** Where it shows first that a log is not as it was written. */
export interface BrokenChain extends Fault {
  readonly intact: false
  /** That were good. */
  readonly records: number
  /** null: at its end. */
  readonly seq: number | null
}

export function brokenChain(records: number, seq: number | null, { found, why }: Fault): BrokenChain {
  return { intact: false, records, seq, found, why }
}
