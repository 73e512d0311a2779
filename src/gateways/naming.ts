import { assignNames, NAME_MAX } from '#/catalog/names.ts'
import type { Diff, ItemChange, KnownItem } from './apply-discovery.ts'
import type { GivenNames, TakenNames } from './gateway-store.ts'

/** Every name that items of this gateway can get begins so: cut where names are cut to make room for a suffix. */
export function namePrefix(slug: string): string {
  return `${slug}-`.slice(0, NAME_MAX - 7)
}

/** Names for what is new in a diff. What has a name keeps it. */
export function namesFor(diff: Diff, slug: string, taken: TakenNames): GivenNames {
  return { tools: named(diff.tools.added, slug, taken.tools), prompts: named(diff.prompts.added, slug, taken.prompts) }
}

function named(added: readonly ItemChange[], slug: string, taken: ReadonlySet<string>): ReadonlyMap<string, string> {
  const names = assignNames(
    added.map(({ key }) => ({ gatewayName: slug, customName: key })),
    taken,
  )
  return new Map(added.map(({ key }, i) => [key, names[i] ?? key]))
}

/** New names: for all that a renamed gateway offers, where the operator asked for that, or for what has none of its own where it moves. */
export function renamedItems(
  { tools, prompts }: Readonly<Record<'tools' | 'prompts', readonly Pick<KnownItem, 'id' | 'key'>[]>>,
  slug: string,
  taken: TakenNames,
): readonly { readonly id: string; readonly name: string }[] {
  const rename = (
    items: readonly Pick<KnownItem, 'id' | 'key'>[],
    used: ReadonlySet<string>,
  ): { id: string; name: string }[] => {
    const names = assignNames(
      items.map(({ key }) => ({ gatewayName: slug, customName: key })),
      used,
    )
    return items.map(({ id, key }, i) => ({ id, name: names[i] ?? key }))
  }
  return [...rename(tools, taken.tools), ...rename(prompts, taken.prompts)]
}
