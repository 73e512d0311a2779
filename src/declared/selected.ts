import { homeTeam } from '#/access/place.ts'
import { meant } from '#/api/namesake.ts'
import type { ItemKind } from '#/servers/server.ts'
import type { DeclaredServer } from './declared-input.ts'
import type { NamedItem } from './declared-store.ts'
import type { Applying } from './step.ts'

type Selected = NonNullable<DeclaredServer['tools']>[number]

export const KINDS = { tool: 'tools', prompt: 'prompts', resource: 'resources' } as const satisfies Record<
  ItemKind,
  string
>
export const ALL = Object.keys(KINDS) as readonly ItemKind[]

/** The names that a set's virtual servers select, by kind. */
export function namesSelected(servers: readonly DeclaredServer[]): Record<ItemKind, readonly string[]> {
  const of = (kind: ItemKind): readonly string[] =>
    servers.flatMap((server) => (server[KINDS[kind]] ?? []).map((one) => nameOf(one)))
  return { tool: of('tool'), prompt: of('prompt'), resource: of('resource') }
}

const nameOf = (one: Selected): string => (typeof one === 'string' ? one : one.name)

interface Chosen extends NamedItem {
  readonly as: string | null
  readonly description: string | null
}

/** What a server selects of what there is, and the names for which there is nothing. */
export interface Choice {
  readonly items: readonly Chosen[]
  readonly missing: readonly { readonly kind: ItemKind; readonly name: string }[]
}

/** Of the items that bear one name, at least one, the one that is meant by it. */
export type Pick = (bearers: readonly NamedItem[]) => NamedItem | undefined

/**
 * What a declared virtual server means by a name of which there are several: what the set's own gateways offer, what it selects already,
 * what would be meant where it stands itself, and else the oldest.
 */
export function picking({ principal }: Applying, isSelected: (id: string) => boolean): Pick {
  const home = { ownerId: principal.userId, teamId: homeTeam(principal, 'servers.create') }
  return (bearers) =>
    bearers.find(({ isDeclared }) => isDeclared) ??
    bearers.find(({ id }) => isSelected(id)) ??
    meant(bearers, home) ??
    bearers[0]
}

/** Of what is known, in order of age. */
export function chosen(wanted: DeclaredServer, known: readonly NamedItem[], pick: Pick): Choice {
  const items = new Map<string, Chosen>()
  const missing: { kind: ItemKind; name: string }[] = []
  for (const kind of ALL) {
    const ofKind = meantOnes(kind, known, pick)
    // What is named itself stands before what a pattern finds, and keeps what was said of it.
    const exact = new Set((wanted[KINDS[kind]] ?? []).map(nameOf))
    for (const one of wanted[KINDS[kind]] ?? []) {
      const fits = matching(nameOf(one), ofKind).filter(({ name }) => name === nameOf(one) || !exact.has(name))
      if (fits.length === 0 && !nameOf(one).includes('*')) missing.push({ kind, name: nameOf(one) })
      const { as = null, description = null } = typeof one === 'string' ? {} : one
      for (const item of fits) if (!items.has(item.id)) items.set(item.id, { ...item, as, description })
    }
  }
  return { items: [...items.values()], missing }
}

/** One of each name. A URI means all that offer it: which of them answers is decided when it is read. */
function meantOnes(kind: ItemKind, known: readonly NamedItem[], pick: Pick): readonly NamedItem[] {
  const ofKind = known.filter((item) => item.kind === kind)
  if (kind === 'resource') return ofKind
  return [...Map.groupBy(ofKind, ({ name }) => name).values()].flatMap((bearers) => pick(bearers) ?? [])
}

function matching(name: string, items: readonly NamedItem[]): readonly NamedItem[] {
  if (!name.includes('*')) return items.filter((item) => item.name === name)
  const form = new RegExp(
    `^${name
      .split('*')
      .map((part) => RegExp.escape(part))
      .join('.*')}$`,
    's',
  )
  return items.filter((item) => form.test(item.name)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
