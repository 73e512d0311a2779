import type { Program } from '../../test/support/needs.ts'
import type { Row } from '../table.ts'

/** Something that goes wrong, done to real processes, and what must hold all the same. */
export interface Fault {
  /** For --only, and the heading of its lines. */
  readonly name: string
  /** What is done to whom, in a line of the help. */
  readonly what: string
  /** Part of the short form too, which CI runs: four minutes for all of them together. */
  readonly short?: boolean
  /** Programs that npm does not bring. */
  readonly needs?: readonly Program[]
  /** Brings it about, looks, puts it right again and says what was found. Whatever it starts, it ends. */
  readonly run: (lab: Lab) => Promise<readonly Finding[]>
}

/** What a fault is given. */
export interface Lab {
  /** The short form: windows just long enough to see what is to be seen. */
  readonly short: boolean
  /** What several faults stand on: made when the first asks for it, ended with the run. */
  shared<T extends AsyncDisposable>(open: () => Promise<T>): Promise<T>
}

/**
 * count: a number of things, a state or a ratio; only a wrong design misses it, so missing it always fails. time: what a busy
 * machine stretches; a wrong design misses it by far (it waits for a statement's limit of 5 s, a kernel's of minutes), so where
 * the machine is shared only that fails. note: nothing is required.
 */
export type Weight = 'count' | 'time' | 'note'

/** One line of the table. */
export interface Finding extends Row {
  readonly weight: Weight
  /** Missed by so much that no busy machine excuses it. */
  readonly byFar: boolean
}
