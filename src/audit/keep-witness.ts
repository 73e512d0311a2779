import { isObject } from '#/lib/is-object.ts'
import type { AuditReader, ChainedRecord, ForgettingAction, ForgottenRecords } from './audit.ts'
import { ChainWalk } from './chain-walk.ts'
import { keysBy, SealWalk } from './seal-walk.ts'
import type { OpenAuditKey } from './seals.ts'
import type { Fault } from './verdict.ts'
import { RESTORED, type Witness } from './witness.ts'

/** The log as the database says that it is now. */
export interface SeenEnd extends Witness {
  /** The number of the newest record of a restore behind the one that is known; null: there is none. */
  readonly restored: number | null
}

export interface WitnessStore {
  /** null: the log is not sealed yet. */
  seen(known: number): Promise<SeenEnd | null>
}

export interface WitnessFile {
  read(): Promise<Witness | null>
  write(witness: Witness): Promise<void>
}

/** Where the log does not go on from what is known. */
export interface Estranged {
  readonly known: Witness
  readonly seen: SeenEnd
  /** Of the first record that does not follow; null: nothing there follows. */
  readonly fault: Fault | null
}

export interface WitnessOptions {
  readonly store: WitnessStore
  readonly reader: Pick<AuditReader, 'tip' | 'chain' | 'keys' | 'nextHead' | 'seals'>
  readonly openKey: OpenAuditKey
  readonly file: WitnessFile
  /** Called once for each time that the log turns out not to go on from what is known. */
  readonly onReplaced: (estranged: Estranged) => void
}

/** From where the log is followed. */
interface Anchor {
  readonly seq: number
  readonly head: Buffer
  readonly sealed: ForgottenRecords['sealed']
  /** That this is ours is said by a record further on, which must be met. */
  readonly isForgotten?: boolean
}

const SLICE = 1_000
const FORGOTTEN: ForgettingAction = 'audit.forget'
const NOTHING: Anchor = { seq: 0, head: Buffer.alloc(0), sealed: null }

/**
 * Writes down the newest record whenever there is a new one, but only if the log goes on from the one that is known: each record since is
 * followed by its seal, so nothing that was put into the tables for a moment moves what is known. It is never put back, so a log that was
 * shows it.
 */
export class WitnessKeeper {
  readonly #options: WitnessOptions
  #known: Witness | null | undefined
  #told = false

  constructor(options: WitnessOptions) {
    this.#options = options
  }

  async look(): Promise<void> {
    const { store, file, onReplaced } = this.#options
    this.#known ??= await file.read()
    const known = this.#known
    const seen = await store.seen(known?.seq ?? 0)
    if (seen === null || (known?.seq === seen.seq && known.head === seen.head)) return
    if (known === null) return await this.#note(seen)
    const end = await this.#followed(known, seen)
    if ('seq' in end) return await this.#note(end)
    if (!this.#told) onReplaced({ known, seen, fault: end.fault })
    this.#told = true
  }

  async #note({ seq, head, sealedAfter }: Witness): Promise<void> {
    this.#known = { seq, head, sealedAfter }
    this.#told = false
    await this.#options.file.write(this.#known)
  }

  /** What is known after this; or why the log is another one. */
  async #followed(known: Witness, seen: SeenEnd): Promise<Witness | { readonly fault: Fault | null }> {
    const { reader, openKey } = this.#options
    const keys = keysBy(await reader.keys(), openKey)
    const walkFrom = ({ seq, head, sealed }: Anchor): ChainWalk =>
      new ChainWalk(reader.nextHead, head, new SealWalk({ seals: reader.seals, keys, from: { seq }, sealed }))
    const isOurs = (record: ChainedRecord): boolean => {
      const read = walkFrom(NOTHING).seals.read(record)
      return read !== null && read.isOurs && read.isHere
    }
    const restored = await this.#restored(seen, isOurs)
    const anchor: Anchor | undefined = restored ?? (await this.#anchor(known))
    if (anchor === undefined) return { fault: null }
    const walk = walkFrom(anchor)
    let isTold = anchor.isForgotten !== true
    for (let length = SLICE; length === SLICE;) {
      const slice = await reader.chain({ after: walk.seals.seq, last: seen.seq, limit: SLICE })
      for (const record of slice) {
        const fault = walk.next(record)
        if (fault !== null) return { fault }
        isTold ||= tellsOf(record, anchor)
      }
      length = slice.length
    }
    if (!isTold || (walk.seals.seq <= known.seq && restored === undefined)) return { fault: null }
    const { sealedAfter } = restored === undefined ? known : seen
    return { seq: walk.seals.seq, head: walk.head.toString('hex'), sealedAfter }
  }

  /** The record of a restore, which only who holds the key can have made. */
  async #restored(
    { restored }: SeenEnd,
    isOurs: (record: ChainedRecord) => boolean,
  ): Promise<ChainedRecord | undefined> {
    if (restored === null) return undefined
    const record = await this.#record(restored)
    return record?.action === RESTORED && isOurs(record) ? record : undefined
  }

  /** The record that is known, where it still is, else what was forgotten with it. */
  async #anchor({ seq, head }: Witness): Promise<Anchor | undefined> {
    if (seq === 0) return NOTHING
    const record = await this.#record(seq)
    if (record?.head.toString('hex') === head) return record
    const { forgotten } = await this.#options.reader.tip()
    if (forgotten === null || forgotten.through < seq) return undefined
    return { ...forgotten, seq: forgotten.through, isForgotten: true }
  }

  async #record(seq: number): Promise<ChainedRecord | undefined> {
    return (await this.#options.reader.chain({ after: seq - 1, last: seq, limit: 1 }))[0]
  }
}

function tellsOf({ action, detail }: ChainedRecord, { seq }: Anchor): boolean {
  if (action !== FORGOTTEN) return false
  const said: unknown = JSON.parse(detail)
  return isObject(said) && said['through'] === seq
}
