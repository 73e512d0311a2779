const BITS = 4
const WIDTH = 1 << BITS
const LEAF_MAX = 64
const MAX_SHIFT = 28

interface Leaf<V> {
  readonly owner: object
  readonly entries: Map<string, V>
  readonly kids: undefined
}

interface Branch<V> {
  readonly owner: object
  readonly entries: undefined
  readonly kids: Node<V>[]
}

type Node<V> = Leaf<V> | Branch<V>

/** FNV-1a; a map of 64 entries at each leaf tells colliding keys apart, so its quality only spreads the shards. */
function hash(key: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193)
  return h ^ (h >>> 15)
}

function find<V>(node: Node<V>, key: string, shift: number): V | undefined {
  let at = node
  let h = hash(key) >>> shift
  while (at.kids !== undefined) {
    at = at.kids[h & (WIDTH - 1)] as Node<V>
    h >>>= BITS
  }
  return at.entries.get(key)
}

function* differ<V>(a: Node<V>, b: Node<V>, shift: number): Generator<Difference<V>> {
  if (a === b) return
  if (a.kids !== undefined && b.kids !== undefined) {
    for (let i = 0; i < WIDTH; i++) yield* differ(a.kids[i] as Node<V>, b.kids[i] as Node<V>, shift + BITS)
    return
  }
  for (const [key, before] of walk(a)) {
    const after = find(b, key, shift)
    if (after !== before) yield { before, after }
  }
  for (const [key, after] of walk(b)) if (find(a, key, shift) === undefined) yield { before: undefined, after }
}

/** What stands under one key of two versions; undefined: nothing. */
export interface Difference<V> {
  readonly before: V | undefined
  readonly after: V | undefined
}

const leaf = <V>(owner: object): Leaf<V> => ({ owner, entries: new Map(), kids: undefined })

function split<V>(from: Leaf<V>, shift: number): Branch<V> {
  const kids: Leaf<V>[] = Array.from({ length: WIDTH }, () => leaf<V>(from.owner))
  for (const [key, value] of from.entries) kids[(hash(key) >>> shift) & (WIDTH - 1)]?.entries.set(key, value)
  return { owner: from.owner, entries: undefined, kids }
}

function* walk<V>(node: Node<V>): Generator<[string, V]> {
  if (node.kids === undefined) yield* node.entries
  else for (const kid of node.kids) yield* walk(kid)
}

/**
 * An immutable map from strings in small shards. A version made by an edit shares every shard that the edit did not touch, so a
 * change of one entry among 100,000 copies some sixty.
 */
export class ShardedMap<V> {
  readonly #root: Node<V>
  readonly size: number

  private constructor(root: Node<V>, size: number) {
    this.#root = root
    this.size = size
  }

  static empty<V>(): ShardedMap<V> {
    return new ShardedMap<V>(leaf({}), 0)
  }

  static from<V>(entries: Iterable<readonly [string, V]>): ShardedMap<V> {
    const edit = ShardedMap.empty<V>().edit()
    for (const [key, value] of entries) edit.set(key, value)
    return edit.done()
  }

  get(key: string): V | undefined {
    const root = this.#root
    return root.kids === undefined ? root.entries.get(key) : find(root, key, 0)
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  *values(): Generator<V> {
    for (const [, value] of walk(this.#root)) yield value
  }

  entries(): Generator<[string, V]> {
    return walk(this.#root)
  }

  /** Where a later version differs. What both share is skipped, so that it takes as long as the changes were many. Lazily. */
  differences(later: ShardedMap<V>): Generator<Difference<V>> {
    return differ(this.#root, later.#root, 0)
  }

  with(changes: Iterable<readonly [string, V]>): ShardedMap<V> {
    const edit = this.edit()
    for (const [key, value] of changes) edit.set(key, value)
    return edit.done()
  }

  without(keys: Iterable<string>): ShardedMap<V> {
    const edit = this.edit()
    for (const key of keys) edit.delete(key)
    return edit.done()
  }

  /** A next version in the making: any number of changes, each touched shard copied once. May be spread over time. */
  edit(): MapEdit<V> {
    return new MapEdit(this.#root, this.size, (root, size) => (root === this.#root ? this : new ShardedMap(root, size)))
  }
}

export class MapEdit<V> {
  #root: Node<V>
  #size: number
  #owner: object = {}
  #touched = false
  readonly #make: (root: Node<V>, size: number) => ShardedMap<V>

  constructor(root: Node<V>, size: number, make: (root: Node<V>, size: number) => ShardedMap<V>) {
    this.#root = root
    this.#size = size
    this.#make = make
  }

  /** Whether anything was set or deleted since the edit began. */
  get touched(): boolean {
    return this.#touched
  }

  get(key: string): V | undefined {
    let node = this.#root
    let h = hash(key)
    while (node.kids !== undefined) {
      node = node.kids[h & (WIDTH - 1)] as Node<V>
      h >>>= BITS
    }
    return node.entries.get(key)
  }

  set(key: string, value: V): void {
    const [entries, at] = this.#own(key)
    this.#touched = true
    if (!entries.has(key)) this.#size++
    entries.set(key, value)
    if (entries.size > LEAF_MAX && at.shift < MAX_SHIFT) at.replace(split)
  }

  delete(key: string): void {
    if (this.get(key) === undefined) return
    const [entries] = this.#own(key)
    this.#touched = true
    if (entries.delete(key)) this.#size--
  }

  /** The new version. The edit may go on: what it makes later leaves this version alone. */
  done(): ShardedMap<V> {
    this.#owner = {}
    return this.#make(this.#root, this.#size)
  }

  /** The leaf for `key`, with every node on the way to it owned by this edit. */
  #own(key: string): [Map<string, V>, { readonly shift: number; replace(by: typeof split<V>): void }] {
    const h = hash(key)
    let put = (node: Node<V>): void => void (this.#root = node)
    let node = this.#root
    let shift = 0
    for (;;) {
      const own = this.#ownNode(node)
      if (own !== node) put(own)
      if (own.kids === undefined) {
        const place = { shift, replace: (by: typeof split<V>): void => put(by(own, shift)) }
        return [own.entries, place]
      }
      const { kids } = own
      const slot = (h >>> shift) & (WIDTH - 1)
      put = (next) => void (kids[slot] = next)
      node = kids[slot] as Node<V>
      shift += BITS
    }
  }

  #ownNode(node: Node<V>): Node<V> {
    if (node.owner === this.#owner) return node
    if (node.kids === undefined) return { owner: this.#owner, entries: new Map(node.entries), kids: undefined }
    return { owner: this.#owner, entries: undefined, kids: [...node.kids] }
  }
}
