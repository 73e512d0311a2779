import { pause } from '#/lib/backoff.ts'
import { outage } from '#/lib/outage.ts'
import type { OpenCatalog } from './keeper.ts'
import { saveHeard, savePart, type SavedPlace } from './saved.ts'
import { samePart } from './saved-lines.ts'
import type { CatalogState } from './state.ts'

export interface SavingOptions {
  readonly catalog: OpenCatalog
  readonly place: SavedPlace
  readonly log: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
  }
  /** How often it looks for changes. 1 s. */
  readonly everyMs?: number
}

const EVERY_MS = 1_000
/** One thing takes some 10 µs to write. Waiting twenty times as long, a large catalog takes no more than a twentieth of a core either. */
const REST_MS_PER_THING = 0.2
/** The age of what is on disk is never wrong by more. */
const HEARD_EVERY_MS = 10_000

/**
 * Keeps the newest catalog on disk, for a start at which the database is away. Who may come in is written as soon as it changes,
 * what there is as often as its size allows, both once more at the end.
 */
export function keepSaved(options: SavingOptions): AsyncDisposable {
  const stop = new AbortController()
  const saving = new Saving(options)
  const running = run(saving, options.everyMs ?? EVERY_MS, stop.signal)
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
      await saving.round(true)
    },
  }
}

async function run(saving: Saving, everyMs: number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await saving.round(false)
    await pause(everyMs, stop).catch(() => undefined)
  }
}

function thingsIn({ gateways, tools, prompts, resources, servers }: CatalogState): number {
  return gateways.size + tools.byId.size + prompts.byId.size + resources.byId.size + servers.size
}

class Saving {
  readonly #options: SavingOptions
  readonly #tries = outage()
  readonly #written: { access?: CatalogState; things?: CatalogState } = {}
  #thingsFrom = 0
  #heardAt = -Infinity

  constructor(options: SavingOptions) {
    this.#options = options
  }

  async round(isLast: boolean): Promise<void> {
    const { catalog, log } = this.#options
    // What came from disk is there already, and is no newer for having been read.
    if (catalog.isSaved) return
    try {
      await this.#write(catalog, isLast)
      if (this.#tries.worked()) log.info({ event: 'snapshot.saved_again' }, 'the snapshot is on disk again')
    } catch (err) {
      const words = 'the snapshot cannot be written to disk; a start without the database would begin with an older one'
      if (this.#tries.failed()) log.warn({ event: 'snapshot.unsaved', err }, words)
    }
  }

  async #write({ state, ageMs }: OpenCatalog, isLast: boolean): Promise<void> {
    const { place } = this.#options
    const heardAt = Date.now() - ageMs
    const written = this.#written
    const accessChanged = written.access === undefined || !samePart(written.access, state, 'access')
    const thingsChanged = written.things === undefined || !samePart(written.things, state, 'things')
    if (accessChanged) await savePart(place, state, 'access')
    written.access = state
    const isTime = isLast || performance.now() >= this.#thingsFrom
    if (thingsChanged && isTime) {
      await savePart(place, state, 'things')
      written.things = state
      this.#thingsFrom = performance.now() + REST_MS_PER_THING * thingsIn(state)
    }
    if (!accessChanged && !isLast && heardAt - this.#heardAt < HEARD_EVERY_MS) return
    await saveHeard(place, heardAt)
    this.#heardAt = heardAt
  }
}
