import { NEARNESS } from '#/access/visibility.ts'
import type { CatalogPrompt, CatalogTool } from './model.ts'
import type { NamedShelf, ServerList } from './state.ts'

type Named = CatalogTool | CatalogPrompt

/** Of several the nearest; of those the one that the server lists first. */
const inOrder = (a: Named, b: Named): number => NEARNESS[a.visibility] - NEARNESS[b.visibility]

/** Made when somebody first asks for a name that no list has. A list whose items change is another list. */
const known = new WeakMap<ServerList, ReadonlyMap<string, readonly Named[]>>()

/** Of what a virtual server selects under its plain name what its upstream calls so, the one that answers first before the others. */
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
  return Map.groupBy(plain.toSorted(inOrder), ({ originalName }) => originalName)
}
