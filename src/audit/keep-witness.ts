import type { Witness } from './witness.ts'

/** The log as it is now, and what became of the record that was the newest. */
export interface SeenEnd extends Witness {
  /** The head of the record that is known; null: there is no such record. */
  readonly knownHead: string | null
  /** The newest record that was forgotten; 0: none. */
  readonly forgottenThrough: number
  /** A restore was recorded behind the one that is known. */
  readonly isRestored: boolean
}

export interface WitnessStore {
  /** null: the log is not sealed yet. */
  seen(known: number): Promise<SeenEnd | null>
}

export interface WitnessFile {
  read(): Promise<Witness | null>
  write(witness: Witness): Promise<void>
}

export interface WitnessOptions {
  readonly store: WitnessStore
  readonly file: WitnessFile
  /** Called once for each time that the log turns out not to go on from what is known. */
  readonly onReplaced: (known: Witness, seen: SeenEnd) => void
}

/**
 * Writes down the newest record whenever there is a new one, but only if the log goes on from the one that is known: what is written down
 * is never put back, so a log that was shows it.
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
    if (known !== null && !goesOn(known, seen)) {
      if (!this.#told) onReplaced(known, seen)
      this.#told = true
      return
    }
    const { seq, head } = seen
    const sealedAfter = known === null || seen.isRestored ? seen.sealedAfter : known.sealedAfter
    this.#known = { seq, head, sealedAfter }
    this.#told = false
    await file.write(this.#known)
  }
}

function goesOn(known: Witness, seen: SeenEnd): boolean {
  if (seen.isRestored) return true
  return seen.seq > known.seq && (seen.knownHead === known.head || seen.forgottenThrough >= known.seq)
}
