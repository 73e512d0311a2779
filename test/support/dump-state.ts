import { bearersOf, type Bearers } from '../../src/catalog/bearers.ts'
import type { CatalogState, NamedShelf } from '../../src/catalog/state.ts'
import type { AnyItem } from '../../src/catalog/model.ts'
import type { ShardedMap } from '../../src/lib/sharded-map.ts'

const sorted = <V>(map: ShardedMap<V>, toValue: (value: V) => unknown = (value) => value): unknown =>
  Object.fromEntries(
    [...map.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, toValue(value)]),
  )

const idOf = ({ id }: { readonly id: string }): string => id
const idsOf = (things: Iterable<AnyItem>): readonly string[] => [...things].map(idOf)

const borne = <Item extends AnyItem>(from: Bearers<Item>): unknown =>
  Object.fromEntries(
    [...from.one.entries()]
      .map(([name]) => [name, idsOf(bearersOf(from, name)).toSorted()] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )

const shelf = <Item extends AnyItem>(from: NamedShelf<Item>): unknown => ({
  byId: sorted(from.byId),
  byName: borne(from.byName),
  byOriginal: borne(from.byOriginal),
})

/** A state in a form in which two equal ones are deeply equal: everything but stamps, shards and sharing. */
export function dumpState(state: CatalogState): unknown {
  return {
    seq: state.seq,
    users: sorted(state.users),
    shown: [sorted(state.shown.teams), sorted(state.shown.owners)],
    teams: sorted(state.teams),
    roles: sorted(state.roles),
    tokens: sorted(state.tokens),
    tokensByHash: sorted(state.tokensByHash, idOf),
    gateways: [...state.gateways],
    parts: sorted(state.parts, (part) => ({
      gateway: part.gateway,
      tools: idsOf(part.tools),
      prompts: idsOf(part.prompts),
      resources: idsOf(part.resources),
      resourceTemplates: idsOf(part.resourceTemplates),
    })),
    tools: shelf(state.tools),
    prompts: shelf(state.prompts),
    resources: {
      byId: sorted(state.resources.byId),
      byUri: borne(state.resources.byUri),
      byTemplate: borne(state.resources.byTemplate),
      templates: sorted(state.resources.templates, (all) => all.map(({ text }) => text).toSorted()),
    },
    servers: sorted(state.servers, ({ server, tools, prompts, resources }) => ({
      server,
      renamed: [tools, prompts, resources].map(({ renamed }) => [...renamed].map(([name, { id }]) => [name, id])),
      places: [tools, prompts, resources].map(({ places }) => [...places]),
    })),
    roots: state.roots,
    memberOf: sorted(state.memberOf, (servers) => servers.toSorted()),
  }
}
