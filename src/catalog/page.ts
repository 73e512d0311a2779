import type { Principal } from '#/access/principal.ts'
import { pace } from '#/lib/pace.ts'
import { readCursor, writeCursor, type CursorKey } from './cursor.ts'
import { leadsToItself } from './listed.ts'
import { isOpen, openGateway } from './lookup.ts'
import type { ListPage } from './snapshot.ts'
import type { Slab } from './slab.ts'
import type { CatalogState } from './state.ts'
import type { Line, Stretch } from './line.ts'
import type { Listing } from './stretches.ts'

export const PAGE_MAX_ITEMS = 10_000
const PAGE_MAX_BYTES = 8 << 20

export const EMPTY_PAGE: ListPage = { items: Buffer.from('[]'), count: 0, next: null }

interface Bytes {
  readonly from: Buffer
  readonly start: number
  end: number
}

export interface PageRequest {
  readonly state: CatalogState
  readonly listing: Listing
  readonly who: Principal
  readonly from: string | null
  slab(stretch: Stretch): Promise<Slab>
}

/** Joins one page from slabs. A single line that is larger than a page makes a page of its own. */
export async function buildPage(request: PageRequest): Promise<ListPage> {
  const { listing, from } = request
  const shows = shownTo(request)
  const slice = pace()
  const page = new PageInTheMaking()
  for (const stretch of listing.stretches(from === null ? null : readCursor(from))) {
    let slab: Slab | undefined
    for (let index = stretch.start; index < stretch.size; index++) {
      const line = stretch.line(index)
      if (line === undefined || !shows(line)) continue
      slab ??= await request.slab(stretch)
      if (!page.add(slab, index)) return page.done(true)
      page.last = stretch.cursor(index)
    }
    if (slice.due()) await slice.rest()
  }
  return page.done(false)
}

function shownTo({ state, listing, who }: PageRequest): (line: Line) => boolean {
  const open = new Map<string, boolean>()
  const isGatewayOpen = (id: string): boolean => {
    let known = open.get(id)
    if (known === undefined) open.set(id, (known = openGateway(state, id, who) !== undefined))
    return known
  }
  const leads = leadsToItself(state, listing, who)
  return (line) => isOpen(line.item, who) && isGatewayOpen(line.item.gatewayId) && leads(line)
}

class PageInTheMaking {
  readonly #parts: Bytes[] = []
  #bytes = 0
  #count = 0
  last: CursorKey | undefined

  /** False: it does not fit any more. */
  add({ bytes, ends }: Slab, index: number): boolean {
    const start = index === 0 ? 0 : (ends[index - 1] ?? 0)
    const end = ends[index] ?? start
    if (end === start) return true
    const isFull = this.#count === PAGE_MAX_ITEMS || this.#bytes + end - start > PAGE_MAX_BYTES
    if (isFull && this.#count > 0) return false
    const before = this.#parts.at(-1)
    if (before?.from === bytes && before.end === start) before.end = end
    else this.#parts.push({ from: bytes, start, end })
    this.#bytes += end - start
    this.#count++
    return true
  }

  done(hasMore: boolean): ListPage {
    if (this.#count === 0 || this.last === undefined) return EMPTY_PAGE
    const items = Buffer.allocUnsafeSlow(this.#bytes + 1)
    items[0] = 0x5b
    let at = 1
    for (const { from, start, end } of this.#parts) at += from.copy(items, at, start, end)
    items[at - 1] = 0x5d
    return { items, count: this.#count, next: hasMore ? writeCursor(this.last) : null }
  }
}
