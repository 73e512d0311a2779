import type { ChainedRecord, ForgottenRecords } from './audit.ts'
import { fault, type Fault } from './verdict.ts'

/** What a machine knows of the audit log, kept where the database's owner cannot write. */
export interface Witness {
  /** The newest record that it saw. */
  readonly seq: number
  /** The head after it, in hex. */
  readonly head: string
  /** The number of the record after which the log is sealed. */
  readonly sealedAfter: number
}

/** The action of the record that a restore writes, under a number above all that were there. */
export type RestoringAction = 'database.restore'
export const RESTORED: RestoringAction = 'database.restore'

/** Whether the log that is walked through is the one that this machine knows, or comes of it by a restore that somebody with the key made. */
export class WitnessMeeting {
  readonly #witness: Witness | null
  #met: boolean
  #restored = false
  #last: number
  #unsealedThrough: number

  constructor(witness: Witness | null, forgotten: ForgottenRecords | null) {
    this.#witness = witness
    this.#last = forgotten?.through ?? 0
    this.#unsealedThrough = forgotten !== null && forgotten.sealed === null ? forgotten.through : 0
    const isKnown = witness !== null && this.#last === witness.seq && forgotten?.head.toString('hex') === witness.head
    this.#met = witness === null || this.#last > witness.seq || isKnown
  }

  next({ seq, head, action, sealed }: ChainedRecord): void {
    this.#last = seq
    if (sealed === null) this.#unsealedThrough = seq
    const { seq: known, head: knownHead } = this.#witness ?? { seq: 0, head: '' }
    if (seq === known && head.toString('hex') === knownHead) this.#met = true
    if (seq > known && action === RESTORED && sealed !== null) this.#restored = true
  }

  /** Why it is another; null: it is the one. */
  missed(): (Fault & { readonly seq: number | null }) | null {
    const witness = this.#witness
    if (witness === null || this.#restored) return null
    const { seq, sealedAfter } = witness
    if (!this.#met && seq > this.#last)
      return { ...fault('replaced', `${KNOWN} ${seq}, and the log ends at number ${this.#last}: ${OLDER}`), seq: null }
    if (!this.#met) return { ...fault('replaced', `${KNOWN} ${seq}, which is another one or not there: ${OLDER}`), seq }
    if (this.#unsealedThrough <= sealedAfter) return null
    const why = `it was sealed after number ${sealedAfter}, and is not up to number ${this.#unsealedThrough}: seals were removed`
    return { ...fault('unsealed', why), seq: sealedAfter + 1 }
  }
}

const KNOWN = 'this machine knows of number'
const OLDER = 'it was replaced by an older state, or written anew'
