import type { GatewayId, UserId } from '#/access/ids.ts'
import { ShardedMap } from '#/lib/sharded-map.ts'
import { SortedRun } from '#/lib/sorted-run.ts'
import type { UriTemplate } from '#/lib/uri-template.ts'
import { noBearers, type Bearers } from './bearers.ts'
import { LOCAL_GATEWAY } from './local.ts'
import { NOTHING_SHOWN, type Shown } from './shown.ts'
import type {
  AnyItem,
  CatalogGateway,
  CatalogPrompt,
  CatalogResource,
  CatalogRole,
  CatalogRoot,
  CatalogServer,
  CatalogTeam,
  CatalogToken,
  CatalogTool,
  CatalogUser,
  ServerItem,
} from './model.ts'
import type { ListKind } from './snapshot.ts'

/** What one gateway offers, in the order of its lists. It may be read a moment before the gateway itself. */
export interface GatewayPart {
  readonly id: GatewayId
  readonly gateway: CatalogGateway | undefined
  readonly tools: SortedRun<CatalogTool>
  readonly prompts: SortedRun<CatalogPrompt>
  readonly resources: SortedRun<CatalogResource>
  readonly resourceTemplates: SortedRun<CatalogResource>
}

/** Tools or prompts, by each name they can be asked for. */
export interface NamedShelf<Item> {
  readonly byId: ShardedMap<Item>
  readonly byName: Bearers<Item>
  /** Key: gateway id, line feed, original name. */
  readonly byOriginal: Bearers<Item>
}

export interface ResourceShelf {
  readonly byId: ShardedMap<CatalogResource>
  readonly byUri: Bearers<CatalogResource>
  readonly byTemplate: Bearers<CatalogResource>
  /** Templates by the beginning of what they match, cut to one of a few lengths. */
  readonly templates: ShardedMap<readonly { readonly text: string; readonly template: UriTemplate }[]>
}

/** One of a virtual server's lists. */
export interface ServerList {
  readonly items: readonly ServerItem[]
  readonly places: ReadonlyMap<string, number>
  /** Items that go by another name here, by that name. */
  readonly renamed: ReadonlyMap<string, ServerItem>
  /** For each piece of the list, a number that changes with what it shows. */
  readonly pieces: readonly number[]
  readonly stamp: number
}

export interface ServerPart {
  readonly server: CatalogServer
  readonly tools: ServerList
  readonly prompts: ServerList
  readonly resources: ServerList
}

/** Everything, at one tick. Each member is immutable and shared by all versions that it is the same in. */
export interface CatalogState {
  readonly seq: number
  readonly users: ShardedMap<CatalogUser>
  /** By address in lower case. */
  readonly usersByEmail: ShardedMap<UserId>
  readonly teams: ShardedMap<CatalogTeam>
  readonly roles: ShardedMap<CatalogRole>
  /** Changes with any team and any role. */
  readonly ordersStamp: number
  readonly tokens: ShardedMap<CatalogToken>
  readonly tokensByHash: ShardedMap<CatalogToken>
  readonly gateways: SortedRun<CatalogGateway>
  readonly parts: ShardedMap<GatewayPart>
  readonly tools: NamedShelf<CatalogTool>
  readonly prompts: NamedShelf<CatalogPrompt>
  readonly resources: ResourceShelf
  readonly servers: ShardedMap<ServerPart>
  /** Virtual servers that select an item, by the item's id. */
  readonly memberOf: ShardedMap<readonly string[]>
  /** Who can see anything that is not public. */
  readonly shown: Shown
  /** In the order of their URIs. */
  readonly roots: readonly CatalogRoot[]
  /** Per kind, a number that changes with what the aggregate's list shows. */
  readonly stamps: Readonly<Record<ListKind, number>>
  /** Changes with any gateway's presence, switch, visibility or place. */
  readonly epoch: number
}

let lastStamp = 0
export const newStamp = (): number => ++lastStamp

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const byAge = (a: { createdAt: number; id: string }, b: { createdAt: number; id: string }): number =>
  a.createdAt - b.createdAt || byText(a.id, b.id)

/** Where an item stands in its gateway's lists: by the server's own order, then by name or URI. */
export interface Place {
  readonly position: number
  readonly key: string
  readonly id: string
}

export const orderKey = (item: AnyItem): string => ('isTemplate' in item ? item.uri : item.name)

export const comparedTo = (item: AnyItem, { position, key, id }: Place): number =>
  item.position - position || byText(orderKey(item), key) || byText(item.id, id)

export const inListOrder = (a: AnyItem, b: AnyItem): number =>
  a.position - b.position || byText(orderKey(a), orderKey(b)) || byText(a.id, b.id)

const emptyShelf = <Item>(): NamedShelf<Item> => ({
  byId: ShardedMap.empty<Item>(),
  byName: noBearers<Item>(),
  byOriginal: noBearers<Item>(),
})

export function emptyPart(id: GatewayId): GatewayPart {
  return {
    id,
    gateway: undefined,
    tools: new SortedRun<CatalogTool>(inListOrder),
    prompts: new SortedRun<CatalogPrompt>(inListOrder),
    resources: new SortedRun<CatalogResource>(inListOrder),
    resourceTemplates: new SortedRun<CatalogResource>(inListOrder),
  }
}

/** Nothing but the place for what is declared here. */
export function emptyState(): CatalogState {
  const gateways = new SortedRun<CatalogGateway>(byAge).edit()
  gateways.put(LOCAL_GATEWAY)
  const parts = ShardedMap.empty<GatewayPart>().edit()
  parts.set(LOCAL_GATEWAY.id, { ...emptyPart(LOCAL_GATEWAY.id), gateway: LOCAL_GATEWAY })
  return {
    seq: 0,
    users: ShardedMap.empty(),
    usersByEmail: ShardedMap.empty(),
    teams: ShardedMap.empty(),
    roles: ShardedMap.empty(),
    ordersStamp: newStamp(),
    tokens: ShardedMap.empty(),
    tokensByHash: ShardedMap.empty(),
    gateways: gateways.done(),
    parts: parts.done(),
    tools: emptyShelf(),
    prompts: emptyShelf(),
    resources: {
      byId: ShardedMap.empty(),
      byUri: noBearers(),
      byTemplate: noBearers(),
      templates: ShardedMap.empty(),
    },
    servers: ShardedMap.empty(),
    memberOf: ShardedMap.empty(),
    shown: NOTHING_SHOWN,
    roots: [],
    stamps: { tools: newStamp(), prompts: newStamp(), resources: newStamp(), resourceTemplates: newStamp() },
    epoch: newStamp(),
  }
}
