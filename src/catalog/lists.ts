import { ByteCache } from '#/lib/byte-cache.ts'
import { SingleFlight } from '#/lib/single-flight.ts'
import { buildPage, EMPTY_PAGE } from './page.ts'
import { hasNamesakes } from './listed.ts'
import { sightKey } from './shown.ts'
import { buildSlab, type Slab } from './slab.ts'
import type { ListPage, ListRequest } from './snapshot.ts'
import type { CatalogState } from './state.ts'
import type { Stretch } from './line.ts'
import { listingOf } from './stretches.ts'
import type { Era } from '#/mcp/revision.ts'

const PAGES_BYTES = 64 << 20
const SLABS_BYTES = 64 << 20
/** What an entry costs beside its bytes. */
const OVERHEAD = 256

/**
 * Lists as ready bytes: pages by what they show and to whom, joined from slabs by what they were made of. Nothing here is ever wrong,
 * only unused: a change makes other keys.
 */
export class Lists {
  readonly #pages = new ByteCache<ListPage>(PAGES_BYTES)
  readonly #slabs = new ByteCache<Slab>(SLABS_BYTES)
  readonly #pageFlights = new SingleFlight<string, ListPage>()
  readonly #slabFlights = new SingleFlight<string, Slab>()

  async page(state: CatalogState, request: ListRequest): Promise<ListPage> {
    const { kind, scope, who, era, from } = request
    const listing = listingOf(state, kind, { scope, who })
    if (listing === undefined) return EMPTY_PAGE
    const place = listing.scope.kind === 'all' ? 'all' : listing.scope.id
    const key = [
      kind,
      era,
      place,
      listing.scope.kind,
      listing.stamp,
      sightKey(state.shown, who.visibilityClass, hasNamesakes(state, listing)),
      from ?? '',
    ].join('|')
    const ready = this.#pages.get(key)
    if (ready !== undefined) return ready
    return this.#pageFlights.run(key, async () => {
      const slab = (stretch: Stretch): Promise<Slab> => this.#slab(stretch, era)
      const page = await buildPage({ state, listing, who, from, slab })
      this.#pages.set(key, page, page.items.length + key.length + OVERHEAD)
      return page
    })
  }

  async #slab(stretch: Stretch, era: Era): Promise<Slab> {
    const key = `${era}|${stretch.key}`
    const ready = this.#slabs.get(key)
    if (ready !== undefined) return ready
    return this.#slabFlights.run(key, async () => {
      const slab = await buildSlab(stretch, era)
      this.#slabs.set(key, slab, slab.bytes.length + slab.ends.byteLength + OVERHEAD)
      return slab
    })
  }
}
