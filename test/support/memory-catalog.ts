import type { Change, ChangeKind } from '../../src/catalog/changes.ts'
import type { CatalogRoot } from '../../src/catalog/model.ts'
import { READ_MAX, type CatalogReader, type ItemSource, type Page, type Source } from '../../src/catalog/reader.ts'
import type { CatalogParts } from '../../src/catalog/build.ts'

type Thing = { readonly id: string }

/** The database as the catalog sees it: tables, and a clock that each commit moves. For deciding what happens between two reads. */
export class MemoryCatalog {
  readonly tables = {
    users: new Map(),
    teams: new Map(),
    roles: new Map(),
    tokens: new Map(),
    gateways: new Map(),
    tools: new Map(),
    prompts: new Map(),
    resources: new Map(),
    servers: new Map(),
  } as Record<Exclude<keyof CatalogParts, 'seq'>, Map<string, never>>
  roots: readonly CatalogRoot[] = []
  readonly changes: Change[] = []
  /** Ids that were deleted. */
  readonly retired = new Set<string>()
  seq = 0
  keptFrom = 1
  /** Rows to a page; small, so that much happens between two pages. */
  pageSize = READ_MAX
  /** Runs before each read. */
  before: () => void = () => {}

  commit(...changed: readonly (readonly [ChangeKind, string])[]): void {
    this.seq += 1
    for (const [kind, id] of changed) this.changes.push({ seq: this.seq, kind, id })
  }

  reader(): CatalogReader {
    return {
      clock: async () => this.#read(() => this.seq),
      changesSince: async (seq) =>
        this.#read(() => ({
          seq: this.seq,
          changes: seq + 1 < this.keptFrom || seq > this.seq ? null : this.changes.filter((change) => change.seq > seq),
        })),
      users: this.#source('users'),
      teams: this.#source('teams'),
      roles: this.#source('roles'),
      tokens: this.#source('tokens'),
      gateways: this.#source('gateways'),
      servers: this.#source('servers'),
      tools: this.#itemSource('tools'),
      prompts: this.#itemSource('prompts'),
      resources: this.#itemSource('resources'),
      roots: async () => this.#read(() => this.roots),
    } as CatalogReader
  }

  #source(table: keyof MemoryCatalog['tables']): Source<Thing, string> {
    const all = (): Thing[] => [...this.tables[table].values()]
    return {
      page: async (after) => this.#page(() => all().filter(({ id }) => id > (after ?? ''))),
      byIds: async (ids) => this.#read(() => all().filter(({ id }) => ids.includes(id))),
    }
  }

  #itemSource(table: keyof MemoryCatalog['tables']): ItemSource<Thing, string> {
    const all = (): (Thing & { readonly gatewayId: string })[] => [...this.tables[table].values()]
    return {
      ...this.#source(table),
      ofGateways: async (gateways, after) =>
        this.#page(() =>
          all().filter(({ id, gatewayId }) => gateways.includes(gatewayId as never) && id > (after ?? '')),
        ),
    }
  }

  async #page(find: () => Thing[]): Promise<Page<Thing>> {
    return await this.#read(() => {
      const items = find()
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, this.pageSize)
      return { items, next: items.length === this.pageSize ? (items.at(-1)?.id ?? null) : null }
    })
  }

  async #read<T>(find: () => T): Promise<T> {
    await Promise.resolve()
    this.before()
    return find()
  }
}
