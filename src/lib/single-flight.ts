import { assertNoTransaction } from './held-connection.ts'

/** One piece of work per key at a time: whoever asks while it runs gets the same outcome. Nothing is kept afterwards. */
export class SingleFlight<Key, Value> {
  readonly #running = new Map<Key, Promise<Value>>()

  get size(): number {
    return this.#running.size
  }

  run(key: Key, work: () => Promise<Value>): Promise<Value> {
    assertNoTransaction('waiting for shared work')
    const running = this.#running.get(key)
    if (running !== undefined) return running
    const started = this.#settle(key, work)
    this.#running.set(key, started)
    return started
  }

  async #settle(key: Key, work: () => Promise<Value>): Promise<Value> {
    // A turn later, so that work that throws at once still finds its own key in the map.
    await Promise.resolve()
    try {
      return await work()
    } finally {
      this.#running.delete(key)
    }
  }
}
