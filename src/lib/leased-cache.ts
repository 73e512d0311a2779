export interface LeasedCacheOptions<Key, Value> {
  /** At most this many; the least recently used goes first. */
  readonly max: number
  /** A value not asked for during this time is dropped, in ms. */
  readonly idleMs: number
  /** What a dropped value is owed. */
  readonly dropped?: (value: Value, key: Key) => void
  readonly now?: () => number
}

interface Lease<Value> {
  readonly value: Value
  usedAt: number
}

/** Values that stay as long as they are used: bounded in number and in idle time. A Map's own order is the order of use. */
export class LeasedCache<Key, Value> {
  readonly #leases = new Map<Key, Lease<Value>>()
  readonly #options: LeasedCacheOptions<Key, Value>
  readonly #now: () => number

  constructor(options: LeasedCacheOptions<Key, Value>) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  get size(): number {
    return this.#leases.size
  }

  get(key: Key): Value | undefined {
    const lease = this.#leases.get(key)
    if (lease === undefined) return undefined
    const now = this.#now()
    if (now - lease.usedAt > this.#options.idleMs) {
      this.delete(key)
      return undefined
    }
    // Moving an entry to the end costs two map operations: once a second is order enough.
    if (now - lease.usedAt > 1000) {
      this.#leases.delete(key)
      this.#leases.set(key, lease)
      lease.usedAt = now
    }
    return lease.value
  }

  set(key: Key, value: Value): void {
    const old = this.#leases.get(key)
    this.#leases.delete(key)
    this.#leases.set(key, { value, usedAt: this.#now() })
    if (old !== undefined && old.value !== value) this.#options.dropped?.(old.value, key)
    if (this.#leases.size > this.#options.max) this.#dropOldest()
  }

  delete(key: Key): void {
    const lease = this.#leases.get(key)
    if (lease === undefined) return
    this.#leases.delete(key)
    this.#options.dropped?.(lease.value, key)
  }

  /** Drops what has been idle too long; the owner calls it now and then. */
  sweep(): void {
    const oldest = this.#now() - this.#options.idleMs
    for (const [key, lease] of this.#leases) {
      if (lease.usedAt >= oldest) return
      this.delete(key)
    }
  }

  clear(): void {
    for (const key of this.#leases.keys()) this.delete(key)
  }

  #dropOldest(): void {
    for (const key of this.#leases.keys()) {
      this.delete(key)
      return
    }
  }
}
