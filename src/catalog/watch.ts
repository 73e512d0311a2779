import { pace } from '#/lib/pace.ts'
import type { Difference } from '#/lib/sharded-map.ts'
import type { OpenCatalog } from './keeper.ts'
import type { CatalogResource, CatalogRoot } from './model.ts'
import { sameThing } from './same-thing.ts'
import type { CatalogState } from './state.ts'

/** Who wants to hear of what. Told one thing after the other, as they come to be known to this worker, whoever changed them. */
export interface Watcher {
  readonly resource?: (difference: Difference<CatalogResource>) => void
  readonly root?: (difference: Difference<CatalogRoot>) => void
}

export interface WatchedCatalog {
  watch(watcher: Watcher): Disposable
}

/**
 * Tells how the catalog differs from what it was. Two states share what is the same in both, so this asks no database and takes as long
 * as there is something to tell; with nobody watching it does nothing. Changes that come while some are told are told together.
 */
export class CatalogWatch implements WatchedCatalog, Disposable {
  readonly #catalog: Pick<OpenCatalog, 'state'>
  readonly #watchers = new Set<Watcher>()
  readonly #listening: Disposable
  #told: CatalogState
  #isTelling = false

  constructor(catalog: Pick<OpenCatalog, 'state' | 'onChange'>) {
    this.#catalog = catalog
    this.#told = catalog.state
    this.#listening = catalog.onChange(() => void this.#tell())
  }

  watch(watcher: Watcher): Disposable {
    if (this.#watchers.size === 0 && !this.#isTelling) this.#told = this.#catalog.state
    this.#watchers.add(watcher)
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) }
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]()
    this.#watchers.clear()
  }

  async #tell(): Promise<void> {
    if (this.#isTelling) return
    this.#isTelling = true
    const slice = pace()
    while (this.#told !== this.#catalog.state && this.#watchers.size > 0) {
      const [before, after] = [this.#told, this.#catalog.state]
      this.#told = after
      for (const difference of before.resources.byId.differences(after.resources.byId)) {
        if (isReal(difference)) for (const { resource } of this.#watchers) resource?.(difference)
        if (slice.due()) await slice.rest()
      }
      for (const difference of rootDifferences(before, after)) for (const { root } of this.#watchers) root?.(difference)
    }
    this.#isTelling = false
  }
}

/** After a load from scratch everything is another object. */
function isReal<T extends object>({ before, after }: Difference<T>): boolean {
  return before === undefined || after === undefined || !sameThing(before, after)
}

function rootDifferences(from: CatalogState, to: CatalogState): readonly Difference<CatalogRoot>[] {
  if (from.roots === to.roots) return []
  const was = new Map(from.roots.map((root) => [root.uri, root]))
  const is = new Map(to.roots.map((root) => [root.uri, root]))
  const gone = from.roots.filter(({ uri }) => !is.has(uri)).map((before) => ({ before, after: undefined }))
  const there = to.roots.map((after) => ({ before: was.get(after.uri), after }))
  return [...gone, ...there].filter(isReal)
}
