import { GatewayError } from '#/errors/gateway-error.ts'
import { pause } from '#/lib/backoff.ts'
import { applyChanges } from './apply.ts'
import { Lists } from './lists.ts'
import { loadState } from './load.ts'
import type { CatalogReader } from './reader.ts'
import type { SavedCatalog } from './saved.ts'
import type { Catalog, ListPage, ListRequest, Snapshot } from './snapshot.ts'
import type { CatalogState } from './state.ts'
import { viewOf } from './view.ts'
import { Waiters } from './waiters.ts'

/** Rounds are at least this far apart, so that a burst of changes is read together. */
const GAP_MS = 20
const POLL_MS = 400

export interface CatalogLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface CatalogOptions {
  readonly reader: CatalogReader
  readonly log: CatalogLog
  /** How often the clock is read when nothing wakes us: finds what a notification missed. 400 ms. */
  readonly pollMs?: number
  /** Ends the wait for a database that is away at the start. */
  readonly signal?: AbortSignal
  /** What to begin with where the database is away: asked once; null: nothing, so it is waited for. */
  readonly saved?: () => Promise<SavedCatalog | null>
}

export interface OpenCatalog extends Catalog, AsyncDisposable {
  /** What `current` shows, with everything that a diagnosis or a comparison wants. */
  readonly state: CatalogState
  /** It began with what was on disk, and the database has not been seen since. */
  readonly isSaved: boolean
  /** Change `seq` has been committed: the clock is read now rather than at the next poll. */
  wake(seq: number): void
  /** Told of each new snapshot in which other people, teams, roles or tokens are than in the one before. One listener. */
  onPeople(changed: () => void): void
  /** `heard` is called whenever `current` is another, and must not take long. */
  onChange(heard: () => void): Disposable
}

/** Loads the catalog and keeps it current until it is disposed. While the database is away it keeps what it has. */
export async function openCatalog(options: CatalogOptions): Promise<OpenCatalog> {
  return new Keeper(options, await firstHeld(options))
}

async function firstHeld({ reader, log, pollMs = POLL_MS, signal, saved }: CatalogOptions): Promise<Held> {
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted()
    const began = performance.now()
    try {
      return { state: await loadState(reader), confirmedAt: began, isSaved: false }
    } catch (error) {
      const { code, message } = GatewayError.from(error)
      if (code !== 'unavailable') throw error
      const found = tries === 1 ? await saved?.() : null
      if (found) return heldOf(found)
      log.warn(
        { event: 'catalog.waiting', reason: message },
        'the database is away; the catalog is loaded when it is back',
      )
      await pause(pollMs, signal)
    }
  }
}

/** As old as it was when it was saved, and as much older as has passed since. */
function heldOf({ state, heardAt }: SavedCatalog): Held {
  return { state, confirmedAt: performance.now() - Math.max(0, Date.now() - heardAt), isSaved: true }
}

/** What of a state says who may do what. */
const PEOPLE = ['users', 'tokens', 'ordersStamp'] as const

interface Held {
  readonly state: CatalogState
  /** When the database last said that the state is current; a moment before it did. */
  readonly confirmedAt: number
  /** It was read from disk. */
  readonly isSaved: boolean
}

class Keeper implements OpenCatalog {
  readonly #options: CatalogOptions
  readonly #lists = new Lists()
  readonly #waiters = new Waiters()
  readonly #running: Promise<void>
  readonly #listening = new Set<() => void>()
  #held: Held
  #view: Snapshot
  #isWoken = false
  #wakeSleeper = (): void => {}
  #isAway = false
  #isEnding = false
  #peopleChanged = (): void => {}

  constructor(options: CatalogOptions, held: Held) {
    this.#options = options
    this.#held = held
    this.#view = viewOf(held.state)
    this.#running = this.#run()
  }

  get current(): Snapshot {
    return this.#view
  }

  get state(): CatalogState {
    return this.#held.state
  }

  get isSaved(): boolean {
    return this.#held.isSaved
  }

  get ageMs(): number {
    return performance.now() - this.#held.confirmedAt
  }

  list(request: ListRequest): Promise<ListPage> {
    return this.#lists.page(this.#held.state, request)
  }

  wake(seq: number): void {
    if (seq <= this.#view.seq) return
    this.#isWoken = true
    this.#wakeSleeper()
  }

  onPeople(changed: () => void): void {
    this.#peopleChanged = changed
  }

  onChange(heard: () => void): Disposable {
    this.#listening.add(heard)
    return { [Symbol.dispose]: () => void this.#listening.delete(heard) }
  }

  async applied(seq: number, ms: number): Promise<void> {
    if (seq <= this.#view.seq) return
    this.wake(seq)
    await this.#waiters.wait(seq, ms)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true
    this.#wakeSleeper()
    this.#waiters.abandon()
    await this.#running
  }

  async #run(): Promise<void> {
    const { pollMs = POLL_MS } = this.#options
    while (!this.#isEnding) {
      const isCurrent = await this.#round()
      if (!isCurrent) await this.#sleep(pollMs)
      else {
        await this.#sleep(GAP_MS)
        if (!this.#isWoken) await this.#sleep(Math.max(1, pollMs - GAP_MS), true)
      }
    }
  }

  /** True: the database answered. Whatever went wrong, the next round tries again from the state we have. */
  async #round(): Promise<boolean> {
    const began = performance.now()
    this.#isWoken = false
    try {
      this.#replace({ state: await this.#next(), confirmedAt: began, isSaved: false })
      if (this.#isAway)
        this.#options.log.info({ event: 'catalog.back', seq: this.#view.seq }, 'the catalog is current again')
      this.#isAway = false
      return true
    } catch (error) {
      const reason = GatewayError.from(error)
      if (!this.#isAway) {
        this.#options.log.warn(
          { event: 'catalog.behind', err: reason },
          'the catalog cannot be read; the last one is served',
        )
      }
      this.#isAway = true
      return false
    }
  }

  async #next(): Promise<CatalogState> {
    const { reader, log } = this.#options
    const { state, isSaved } = this.#held
    // It need not be the same database, nor the same copy of it: what changed since a number would prove nothing.
    if (isSaved) return await loadState(reader)
    const { seq, changes } = await reader.changesSince(state.seq)
    if (changes !== null) return seq === state.seq ? state : await applyChanges(state, { seq, changes }, reader)
    log.warn(
      { event: 'catalog.reload', from: state.seq, seq },
      'the change log does not reach back; the catalog is loaded anew',
    )
    return await loadState(reader)
  }

  #replace(held: Held): void {
    const before = this.#held.state
    const { state } = held
    this.#held = held
    if (state === before) return
    this.#view = viewOf(state)
    if (PEOPLE.some((part) => state[part] !== before[part])) this.#peopleChanged()
    this.#waiters.reached(state.seq)
    for (const heard of this.#listening) heard()
  }

  async #sleep(ms: number, mayWake = false): Promise<void> {
    if (this.#isEnding) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wakeSleeper = (): void => {
        if (!mayWake && !this.#isEnding) return
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wakeSleeper = (): void => {}
  }
}
