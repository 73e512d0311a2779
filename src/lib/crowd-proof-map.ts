interface Entry<V> {
  readonly value: V
  /** It was asked for since it came, or since its turn to go. */
  wanted: boolean
}

/** Of the whole: what came and was not asked for yet, once there is no room left. */
const NEW_SHARE = 0.1

/**
 * Keeps what is asked for again. What comes once, however much of it, passes through a short queue and takes the place of nothing that is
 * in use (S3-FIFO). What left that queue and soon comes back is kept at once, so that a crowd that comes regularly finds its place.
 */
export class CrowdProofMap<V> {
  readonly #max: number
  readonly #new = new Map<string, Entry<V>>()
  readonly #kept = new Map<string, Entry<V>>()
  /** Keys alone. */
  readonly #gone = new Set<string>()

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#new.size + this.#kept.size
  }

  get(key: string): V | undefined {
    const entry = this.#kept.get(key) ?? this.#new.get(key)
    if (entry === undefined) return undefined
    entry.wanted = true
    return entry.value
  }

  set(key: string, value: V): void {
    this.#new.delete(key)
    this.#kept.delete(key)
    while (this.size >= this.#max) this.#makeRoom()
    const cameBack = this.#gone.delete(key)
    const queue = cameBack ? this.#kept : this.#new
    queue.set(key, { value, wanted: false })
  }

  #makeRoom(): void {
    if (this.#kept.size === 0 || this.#new.size > this.#max * NEW_SHARE) this.#passNew()
    else this.#passKept()
  }

  #passNew(): void {
    const [first] = this.#new
    if (first === undefined) return
    const [key, entry] = first
    this.#new.delete(key)
    if (entry.wanted) {
      entry.wanted = false
      this.#kept.set(key, entry)
      return
    }
    this.#gone.add(key)
    if (this.#gone.size <= this.#max) return
    const [oldest] = this.#gone
    if (oldest !== undefined) this.#gone.delete(oldest)
  }

  #passKept(): void {
    const [first] = this.#kept
    if (first === undefined) return
    const [key, entry] = first
    this.#kept.delete(key)
    if (!entry.wanted) return
    entry.wanted = false
    this.#kept.set(key, entry)
  }
}
