/** What a seal binds a record to. */
export interface SealedPlace {
  readonly recordHash: Buffer
  readonly seq: number
  /** The number of the record before; 0: it is the first. */
  readonly previous: number
  /** The head of the chain after it. */
  readonly head: Buffer
}

export interface SealedLink {
  /** What is kept with the record. */
  readonly seal: Buffer
  /** The state of the sealed chain after it. */
  readonly state: Buffer
}

/** Where a chain is: behind which record, with which head. */
export type ChainPlace = Pick<SealedPlace, 'seq' | 'head'>

/** What a seal says, as far as its key can tell. */
export interface ReadSeal {
  /** The record has the content that it was written with. */
  readonly isOurs: boolean
  /** It has the number, and says the predecessor, that it was written with. */
  readonly isHere: boolean
  /** The state of the chain after it, as it was when it was written. */
  readonly state: Buffer
  /** The state after it if this was the state before. */
  follows(before: Buffer): Buffer
}

/** How the links of one log are sealed. */
export interface Seals {
  /** The state with which a chain begins to be sealed. */
  start(key: Buffer, after: ChainPlace): Buffer
  link(key: Buffer, before: Buffer, at: SealedPlace): SealedLink
  /** null: it is no seal. */
  read(key: Buffer, seal: Buffer, at: SealedPlace): ReadSeal | null
  /** The state that a seal says, of a record that is there no more. */
  stateIn(key: Buffer, seal: Buffer): Buffer
  /** That it was we who forgot everything up to a record with this seal. */
  proof(key: Buffer, through: ChainPlace, seal: Buffer): Buffer
}

/** The key of this id, which lies in the database under the key ring. Throws where it cannot be opened. */
export type OpenAuditKey = (id: string, sealed: string) => Buffer
