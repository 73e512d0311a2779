import type { Owned, Principal } from '#/access/principal.ts'
import type { AnyItem, CatalogTeam } from './model.ts'
import type { Snapshot } from './snapshot.ts'

/** What is searched, in the order in which it is shown. */
export const SEARCHED = ['gateways', 'servers', 'tools', 'prompts', 'resources', 'teams', 'users'] as const
export type SearchedKind = (typeof SEARCHED)[number]

/** Something that may be what is searched for. */
export interface Candidate {
  readonly id: string
  /** What it is called, the first above all. */
  readonly names: readonly string[]
  readonly enabled: boolean
  /** Which gateway it is, or is of. */
  readonly gatewayId: string | null
  /** Who may see it; null: that was looked at already. */
  readonly owned: Owned | null
  /** A text that has the description somewhere, as it is written in JSON. */
  readonly raw: string
  /** Read when it is asked for. */
  readonly description: () => string
}

type Candidates = (snapshot: Snapshot, who: Principal) => Generator<Candidate>

const NOTHING = (): string => ''

const KINDS: Readonly<Record<SearchedKind, Candidates>> = {
  *gateways(snapshot) {
    for (const one of snapshot.gateways())
      yield { ...bare(one.id, [one.name, one.slug]), enabled: one.enabled, gatewayId: one.id, owned: one }
  },
  *servers(snapshot) {
    for (const one of snapshot.servers()) {
      const description = one.description ?? ''
      const said = { raw: description, description: () => description }
      yield { ...bare(one.id, [one.name]), ...said, enabled: one.enabled, owned: one }
    }
  },
  *tools(snapshot) {
    for (const one of snapshot.tools()) yield item(one, [one.name, one.originalName])
  },
  *prompts(snapshot) {
    for (const one of snapshot.prompts()) yield item(one, [one.name, one.originalName])
  },
  *resources(snapshot) {
    for (const one of snapshot.resources()) yield item(one, [one.uri])
  },
  *teams(snapshot, { visibilityClass: { sight } }) {
    const { isAdmin, teamId, teams } = sight
    const isListed = ({ id }: CatalogTeam): boolean => (teamId === null ? isAdmin || teams.includes(id) : id === teamId)
    for (const one of snapshot.teams()) if (isListed(one)) yield bare(one.id, [one.name])
  },
  *users(snapshot) {
    for (const one of snapshot.users()) yield { ...bare(one.id, [one.email]), enabled: one.enabled }
  },
}

export function candidatesOf(snapshot: Snapshot, kind: SearchedKind, who: Principal): Generator<Candidate> {
  return KINDS[kind](snapshot, who)
}

function bare(id: string, names: readonly string[]): Candidate {
  return { id, names, enabled: true, gatewayId: null, owned: null, raw: '', description: NOTHING }
}

function item(one: AnyItem, names: readonly string[]): Candidate {
  const { id, enabled, gatewayId, definition, customDescription } = one
  const raw = customDescription ?? definition
  return { id, names, enabled, gatewayId, owned: one, raw, description: () => customDescription ?? saidIn(definition) }
}

/** As its server says. */
function saidIn(definition: string): string {
  const { description } = JSON.parse(definition) as { readonly description?: unknown }
  return typeof description === 'string' ? description : ''
}
