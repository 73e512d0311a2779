import { randomUUID } from 'node:crypto'
import type { Counters } from './counters.ts'

interface Session {
  readonly server: string
  /** Takes back the request of that id. */
  readonly waiting: Map<number | string, () => void>
}

/** The sessions of legacy clients. */
export class Sessions {
  readonly #all = new Map<string, Session>()
  readonly #counters: Counters

  constructor(counters: Counters) {
    this.#counters = counters
  }

  open(server: string): string {
    const id = randomUUID()
    this.#all.set(id, { server, waiting: new Map() })
    this.#counters.sessions++
    return id
  }

  find(id: string, server: string): Session | undefined {
    const session = this.#all.get(id)
    return session?.server === server ? session : undefined
  }

  end(id: string): void {
    if (this.#all.delete(id)) this.#counters.sessions--
  }
}
