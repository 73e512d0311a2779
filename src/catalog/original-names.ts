import type { Owned } from '#/access/principal.ts'
import type { CatalogPrompt, CatalogTool } from './model.ts'
import type { NamedShelf, ServerList } from './state.ts'

type Named = CatalogTool | CatalogPrompt

/** Of several the one that fewer share, a team's before all; of those the one that the server lists first. */
const RANK = { team: 0, private: 1, public: 2 } as const satisfies Record<Owned['visibility'], number>

const inOrder = (a: Named, b: Named): number => RANK[a.visibility] - RANK[b.visibility]

/** Made when somebody first asks for a name that no list has. A list whose items change is another list. */
const known = new WeakMap<ServerList, ReadonlyMap<string, readonly Named[]>>()

/** Of what a virtual server lists under its plain name what its upstream calls so, the one that answers first before the others. */
export function originallyCalled<Item extends Named>(
  list: ServerList,
  shelf: NamedShelf<Item>,
  name: string,
): readonly Item[] {
  let names = known.get(list) as ReadonlyMap<string, readonly Item[]> | undefined
  if (names === undefined) known.set(list, (names = originalNames(list, shelf)))
  return names.get(name) ?? []
}

function originalNames<Item extends Named>(list: ServerList, shelf: NamedShelf<Item>): Map<string, Item[]> {
  const plain = list.items.flatMap(({ id, name }) => (name === null ? (shelf.byId.get(id) ?? []) : []))
  const items = plain.filter(({ name }) => !list.renamed.has(name))
  return Map.groupBy(items.toSorted(inOrder), ({ originalName }) => originalName)
}
