import type { Answer } from './answer-reader.ts'
import { Connection, NoAnswer } from './connection.ts'

/** As many as a browser opens to one host. */
const MOST = 6

/** The connections of one user: one, and more only while several requests are under way. */
export class Lines implements Disposable {
  readonly #origin: URL
  readonly #all: Connection[] = []
  readonly #idle: Connection[] = []
  readonly #waiting: (() => void)[] = []

  constructor(origin: URL) {
    this.#origin = origin
  }

  /** @param deadline on the clock of performance.now(): the request waits and is answered until then. */
  async ask(request: string, deadline: number): Promise<Answer> {
    const line = await this.#take(deadline)
    try {
      return await line.ask(request, deadline - performance.now())
    } finally {
      this.#idle.push(line)
      this.#waiting.shift()?.()
    }
  }

  [Symbol.dispose](): void {
    for (const line of this.#all) line[Symbol.dispose]()
  }

  async #take(deadline: number): Promise<Connection> {
    for (;;) {
      const free = this.#idle.pop() ?? this.#another()
      if (free !== null) return free
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
      if (performance.now() > deadline) {
        this.#waiting.shift()?.()
        throw new NoAnswer(`not even sent in time: all ${MOST} connections of the user wait for answers`)
      }
    }
  }

  #another(): Connection | null {
    if (this.#all.length >= MOST) return null
    const line = new Connection(this.#origin)
    this.#all.push(line)
    return line
  }
}
