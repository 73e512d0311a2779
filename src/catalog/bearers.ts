import { ShardedMap, type MapEdit } from '#/lib/sharded-map.ts'

interface Identified {
  readonly id: string
}

/** What bears a name. Nearly always that is one thing: names that several bear cost only where there are any. */
export interface Bearers<Item> {
  /** For each name that is borne, one that bears it. */
  readonly one: ShardedMap<Item>
  /** All, for each name that several bear, in no order. */
  readonly several: ShardedMap<readonly Item[]>
}

export const noBearers = <Item>(): Bearers<Item> => ({
  one: ShardedMap.empty<Item>(),
  several: ShardedMap.empty<readonly Item[]>(),
})

export function bearersOf<Item>({ one, several }: Bearers<Item>, name: string): readonly Item[] {
  const item = one.get(name)
  if (item === undefined) return []
  return several.get(name) ?? [item]
}

/** Gives names and takes them back. */
export class BearersEdit<Item extends Identified> {
  readonly #one: MapEdit<Item>
  readonly #several: MapEdit<readonly Item[]>
  /** Lists that were made by this edit and that nobody else knows yet. */
  readonly #own = new Map<string, Item[]>()

  constructor(from: Bearers<Item>) {
    this.#one = from.one.edit()
    this.#several = from.several.edit()
  }

  isBorne(name: string): boolean {
    return this.#one.get(name) !== undefined
  }

  add(name: string, item: Item): void {
    const known = this.#one.get(name)
    if (known === undefined) return this.#one.set(name, item)
    this.#listOf(name, known).push(item)
  }

  remove(name: string, { id }: Identified): void {
    const all = this.#several.get(name)
    if (all === undefined) {
      if (this.#one.get(name)?.id === id) this.#one.delete(name)
      return
    }
    const others = all.filter((item) => item.id !== id)
    const [first] = others
    if (first !== undefined) this.#one.set(name, first)
    if (others.length > 1) this.#keep(name, others)
    else {
      this.#several.delete(name)
      this.#own.delete(name)
    }
  }

  /** The edit may go on: what it makes later leaves this version alone. */
  done(): Bearers<Item> {
    this.#own.clear()
    return { one: this.#one.done(), several: this.#several.done() }
  }

  #listOf(name: string, known: Item): Item[] {
    const own = this.#own.get(name)
    if (own !== undefined) return own
    return this.#keep(name, [...(this.#several.get(name) ?? [known])])
  }

  #keep(name: string, items: Item[]): Item[] {
    this.#own.set(name, items)
    this.#several.set(name, items)
    return items
  }
}
