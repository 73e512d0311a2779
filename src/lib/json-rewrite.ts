import { Pieces } from './pieces.ts'

interface Range {
  readonly start: number
  readonly end: number
}

/** A text that is written anew from front to back: what is not replaced is copied as it is. */
export class Rewrite {
  readonly #bytes: Buffer
  readonly #out = new Pieces()
  #from = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Copies up to `range` and leaves it out; what is written to the returned pieces takes its place. */
  replace({ start, end }: Range): Pieces {
    this.#out.add(this.#bytes, this.#from, start)
    this.#from = end
    return this.#out
  }

  /** Copies up to `at`; what is written to the returned pieces is inserted there. */
  insert(at: number): Pieces {
    this.#out.add(this.#bytes, this.#from, at)
    this.#from = at
    return this.#out
  }

  join(): Buffer {
    this.#out.add(this.#bytes, this.#from)
    return this.#out.join()
  }
}
