import type { SealWalk } from './seal-walk.ts'
import { fault, type Fault } from './verdict.ts'

/** What a record was sealed with when it was written. */
export interface Sealed {
  readonly seal: Buffer
  readonly keyId: string
  /** The number of the record before. */
  readonly previous: number
}

/** A record in a chain of heads. */
export interface ChainLink {
  readonly seq: number
  /** The hash that was stored with it. */
  readonly recordHash: Buffer
  /** The hash that it has now. */
  readonly hashNow: Buffer
  /** The head of the chain after it. */
  readonly head: Buffer
  /** null: it is from before the log was sealed. */
  readonly sealed: Sealed | null
}

/** The head after a record with this hash and number; number null: as it was when heads did not say numbers. */
export type NextHead = (previous: Buffer, recordHash: Buffer, seq: number | null) => Buffer

const MOVED = 'it was renumbered, or records before it were deleted, inserted or moved'

/** A chain from record to record. The first records of an old one have heads that say no numbers: after the first that does, all must. */
export class ChainWalk {
  readonly #nextHead: NextHead
  readonly seals: SealWalk
  #numbered = false
  head: Buffer
  records = 0

  constructor(nextHead: NextHead, head: Buffer, seals: SealWalk) {
    this.#nextHead = nextHead
    this.seals = seals
    this.head = head
  }

  /** Why this cannot be the next record; null: it is. The seal is asked first, because it knows more. */
  next(link: ChainLink): Fault | null {
    const { seq, recordHash, hashNow, head } = link
    const after = this.#nextHead(this.head, recordHash, seq)
    const broken = this.seals.next(link, { before: this.head, after })
    if (broken !== null) return broken
    if (!hashNow.equals(recordHash)) return fault('changed')
    this.#numbered ||= head.equals(after)
    this.head = this.#numbered ? after : this.#nextHead(this.head, recordHash, null)
    if (!head.equals(this.head)) return fault('out_of_order', MOVED)
    this.records++
    return null
  }
}
