/** A record in a chain of heads. */
export interface ChainLink {
  readonly seq: number
  /** The hash that was stored with it. */
  readonly recordHash: Buffer
  /** The hash that it has now. */
  readonly hashNow: Buffer
  /** The head of the chain after it. */
  readonly head: Buffer
}

/** The head after a record with this hash and number; number null: as it was when heads did not say numbers. */
export type NextHead = (previous: Buffer, recordHash: Buffer, seq: number | null) => Buffer

const MOVED = 'it was renumbered, or records before it were deleted, inserted or moved'

/** A chain from record to record. The first records of an old one have heads that say no numbers: after the first that does, all must. */
export class ChainWalk {
  readonly #nextHead: NextHead
  #numbered = false
  head: Buffer
  records = 0

  constructor(nextHead: NextHead, head: Buffer) {
    this.#nextHead = nextHead
    this.head = head
  }

  /** Why this cannot be the next record; null: it is. */
  next({ seq, recordHash, hashNow, head }: ChainLink): string | null {
    if (!hashNow.equals(recordHash)) return 'the record was changed'
    this.#numbered ||= head.equals(this.#nextHead(this.head, recordHash, seq))
    this.head = this.#nextHead(this.head, recordHash, this.#numbered ? seq : null)
    if (!head.equals(this.head)) return MOVED
    this.records++
    return null
  }
}
