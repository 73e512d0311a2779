import type { SealedEnd, SealedKey } from './audit.ts'
import type { ChainLink, Sealed } from './chain-walk.ts'
import type { ChainPlace, OpenAuditKey, ReadSeal, Seals } from './seals.ts'
import { fault, type Fault } from './verdict.ts'

/** The keys of a log. */
export interface AuditKeys {
  /** null: there is no such key, or none that the ring opens. */
  of(id: string): Buffer | null
  readonly all: readonly Buffer[]
}

/** Each is opened once. */
export function keysBy(sealed: readonly SealedKey[], open: OpenAuditKey = noKey): AuditKeys {
  const opened = new Map(sealed.map((one) => [one.id, orNull(() => open(one.id, one.sealed))]))
  return { of: (id) => opened.get(id) ?? null, all: [...opened.values()].filter((key) => key !== null) }
}

function noKey(id: string): never {
  throw new Error(`nothing opens the key '${id}'`)
}

function orNull(open: () => Buffer): Buffer | null {
  try {
    return open()
  } catch {
    return null
  }
}

export interface SealWalkOptions {
  readonly seals: Seals
  readonly keys: AuditKeys
  /** Where the walk begins: at the beginning of the log, or behind what was forgotten. */
  readonly from: Pick<ChainPlace, 'seq'>
  /** The seal of what is there; null: it has none. */
  readonly sealed: Pick<Sealed, 'seal' | 'keyId'> | null
}

const OLDER = 'records before it, from before the log was sealed, were changed, deleted or inserted'
const CONTINUED =
  'records before it were cut off, or the log was put back to an older state, and it was written on from there'
/** No state that anything goes on from. */
const UNKNOWN = Buffer.alloc(0)

/**
 * The sealed chain, from record to record. Behind the first seal none may be without; what was there before is bound by it as a whole.
 */
export class SealWalk {
  readonly #options: SealWalkOptions
  #keyId: string
  /** null: nothing was sealed so far. */
  #state: Buffer | null = null
  /** The number of the record that was walked through last. */
  seq: number
  /** The number of the first sealed record of the walk. */
  sealedFrom: number | null = null

  constructor(options: SealWalkOptions) {
    const { from, sealed, seals, keys } = options
    this.#options = options
    this.seq = from.seq
    this.#keyId = sealed?.keyId ?? ''
    const key = sealed === null ? null : keys.of(sealed.keyId)
    if (sealed !== null) this.#state = key === null ? UNKNOWN : seals.stateIn(key, sealed.seal)
  }

  /** `heads`: of the chain before this record, and after it as it has to be. */
  next(link: ChainLink, heads: { readonly before: Buffer; readonly after: Buffer }): Fault | null {
    const { sealed, seq } = link
    if (sealed === null && this.#state !== null) return fault('unsealed')
    if (sealed === null) {
      this.seq = seq
      return null
    }
    const key = this.#options.keys.of(sealed.keyId)
    if (key === null)
      return fault('unknown_key', `it is sealed with the key '${sealed.keyId}', which is not known here`)
    if (sealed.keyId < this.#keyId) return fault('retired_key')
    const read = this.read(link)
    const wrong = read === null ? fault('changed') : this.#misplaced(link, read)
    if (read === null || wrong !== null) return wrong
    const isSame = heads.after.equals(link.head)
    const goesOn = isSame && this.#states(heads.before).some((before) => read.follows(before).equals(read.state))
    if (!goesOn) return this.#strange(isSame)
    this.#state = read.state
    this.seq = seq
    this.#keyId = sealed.keyId
    this.sealedFrom ??= seq
    return null
  }

  /** What its seal says; null: it has none. */
  read({ sealed, seq, hashNow, head }: ChainLink): ReadSeal | null {
    const key = sealed === null ? null : this.#options.keys.of(sealed.keyId)
    if (sealed === null || key === null) return null
    const place = { recordHash: hashNow, seq, previous: sealed.previous, head }
    return this.#options.seals.read(key, sealed.seal, place)
  }

  /** Whether what was walked through is all, as the end is sealed. */
  isEnd({ state, keyId }: Omit<SealedEnd, 'seq'>, head: Buffer): boolean {
    if (this.#state === null && keyId === null) return state === null
    return state !== null && this.#states(head).some((known) => known.equals(state))
  }

  /** What the state can be here. A chain that nothing was written to yet began with a key that may have been renewed since. */
  #states(head: Buffer): readonly Buffer[] {
    const { seals, keys } = this.#options
    if (this.#state !== null) return [this.#state]
    return keys.all.map((key) => seals.start(key, { seq: this.seq, head }))
  }

  #misplaced({ sealed, recordHash, hashNow }: ChainLink, { isOurs, isHere }: ReadSeal): Fault | null {
    if (!isOurs || !hashNow.equals(recordHash)) return fault('changed')
    if (!isHere) return fault('reordered')
    const previous = sealed?.previous ?? 0
    if (previous === this.seq) return null
    if (previous > this.seq)
      return fault('deleted', `records before it were deleted: number ${previous}, ${notFirst(this.seq)}`)
    return fault('inserted', `records before it were inserted: it was written right after number ${previous}`)
  }

  /** The record is ours, and here; but what came before is not what it was. */
  #strange(isSameHead: boolean): Fault {
    if (this.#state === null) return fault('changed', OLDER)
    return isSameHead ? fault('cut', CONTINUED) : fault('changed', 'its head was changed')
  }
}

const notFirst = (seq: number): string => (seq === 0 ? 'and perhaps more' : `and perhaps more after number ${seq}`)
