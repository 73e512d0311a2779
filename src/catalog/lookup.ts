import type { Owned, Principal } from '#/access/principal.ts'
import { scopeAllowed } from '#/access/scope.ts'
import { bearersOf, type Bearers } from './bearers.ts'
import type { AnyItem, CatalogGateway, CatalogPrompt, CatalogResource, CatalogTool } from './model.ts'
import { originalKey } from './named-shelf.ts'
import { originallyCalled } from './original-names.ts'
import { answering, isOthers } from './precedence.ts'
import { matchingTemplates } from './resource-shelf.ts'
import type { Found, Scope } from './snapshot.ts'
import type { CatalogState, NamedShelf, ServerList, ServerPart } from './state.ts'

/** A principal narrowed to one endpoint reaches what is behind it and nothing else; doors that lead elsewhere refuse it before. */
export function isReachable(scope: Scope, who: Principal): boolean {
  return scopeAllowed(who, scope.kind, scope.kind === 'all' ? null : scope.id)
}

/** The virtual server, if it is switched on and visible. */
export function openServer(state: CatalogState, id: string, who: Principal): ServerPart | undefined {
  const part = state.servers.get(id)
  return part !== undefined && isOpen(part.server, who) ? part : undefined
}

/** The gateway, if it is switched on and visible. What it offers is out of sight together with it. */
export function openGateway(state: CatalogState, id: string, who: Principal): CatalogGateway | undefined {
  const gateway = state.parts.get(id)?.gateway
  return gateway !== undefined && isOpen(gateway, who) ? gateway : undefined
}

/** Whether a thing is switched on and visible. What a gateway offers is open only while the gateway is, too. */
export const isOpen = (thing: Owned & { readonly enabled: boolean }, who: Principal): boolean =>
  thing.enabled && who.visibilityClass.sees(thing)

export interface Asked {
  readonly scope: Scope
  readonly who: Principal
}

/** A tool or prompt by the name that clients of the scope use. */
export function findNamed<Item extends CatalogTool | CatalogPrompt>(
  state: CatalogState,
  kind: 'tools' | 'prompts',
  { scope, who, name }: Asked & { readonly name: string },
): Found<Item> | undefined {
  if (!isReachable(scope, who)) return undefined
  const shelf = state[kind] as unknown as NamedShelf<Item>
  if (scope.kind === 'all') return answer(state, shelf.byName, { name, who })
  if (scope.kind === 'gateway') return answer(state, shelf.byOriginal, { name: originalKey(scope.id, name), who })
  const server = openServer(state, scope.id, who)
  if (server === undefined) return undefined
  const asked = { kind, shelf, name, who }
  return listedInServer(state, server, asked) ?? originallyInServer(state, server, asked)
}

interface Bearing {
  readonly name: string
  readonly who: Principal
  readonly server?: ServerPart | undefined
  /** Which of those that bear the name are meant; absent: all. */
  readonly isAmong?: (item: AnyItem) => boolean
}

/** Of those that bear a name, the one that answers. */
function answer<Item extends AnyItem>(
  state: CatalogState,
  bearers: Bearers<Item>,
  { name, who, server, isAmong }: Bearing,
): Found<Item> | undefined {
  const one = bearers.one.get(name)
  if (one === undefined) return undefined
  const several = bearers.several.get(name)
  if (several === undefined) return isAmong?.(one) === false ? undefined : found(state, { item: one, who, server })
  const among = isAmong === undefined ? several : several.filter(isAmong)
  return answering(opened(state, among, { who, server }), who.visibilityClass)
}

function* opened<Item extends AnyItem>(
  state: CatalogState,
  items: Iterable<Item>,
  { who, server }: Pick<Bearing, 'who' | 'server'>,
): Generator<Found<Item>> {
  for (const item of items) {
    const open = found(state, { item, who, server })
    if (open !== undefined) yield open
  }
}

interface InServer<Item> {
  readonly kind: 'tools' | 'prompts'
  readonly shelf: NamedShelf<Item>
  readonly name: string
  readonly who: Principal
}

/** By the name that the virtual server shows: one that it gives, or the aggregate's of what it selects under that. */
export function listedInServer<Item extends CatalogTool | CatalogPrompt>(
  state: CatalogState,
  server: ServerPart,
  { kind, shelf, name, who }: InServer<Item>,
): Found<Item> | undefined {
  const list = server[kind]
  const isAmong = (item: AnyItem): boolean => isPlain(list, item)
  const renamed = list.renamed.get(name)?.id
  const item = renamed === undefined ? undefined : shelf.byId.get(renamed)
  if (item === undefined) return answer(state, shelf.byName, { name, who, server, isAmong })
  const items = [item, ...bearersOf(shelf.byName, name).filter(isAmong)]
  return answering(opened(state, items, { who, server }), who.visibilityClass, renamed)
}

/** Whether the virtual server selects it under the aggregate's name. */
function isPlain({ items, places }: ServerList, { id }: AnyItem): boolean {
  const place = places.get(id)
  return place !== undefined && items[place]?.name === null
}

/** By the upstream's own name, where the server shows none so: what it lists. What is hidden is in nobody's way. */
function originallyInServer<Item extends CatalogTool | CatalogPrompt>(
  state: CatalogState,
  server: ServerPart,
  asked: InServer<Item>,
): Found<Item> | undefined {
  const { kind, shelf, name, who } = asked
  let last: Found<Item> | undefined
  for (const item of originallyCalled(server[kind], shelf, name)) {
    const listed = listedInServer(state, server, { ...asked, name: item.name })
    if (listed?.item.id !== item.id) continue
    if (!isOthers(listed, who.visibilityClass)) return listed
    last ??= listed
  }
  return last
}

function found<Item extends AnyItem>(
  state: CatalogState,
  { item, who, server }: { item: Item; who: Principal; server: ServerPart | undefined },
): Found<Item> | undefined {
  if (!isOpen(item, who)) return undefined
  const gateway = openGateway(state, item.gatewayId, who)
  return gateway && { item, gateway, server: server?.server }
}

/** A resource by exact URI, then by the text of a template, then by a template that matches. */
export function findResource(
  state: CatalogState,
  uri: string,
  { scope, who }: Asked,
): Found<CatalogResource> | undefined {
  if (!isReachable(scope, who)) return undefined
  const { byUri, byTemplate } = state.resources
  const asked = offersIn(state, { scope, who })
  if (asked === undefined) return undefined
  const exact = answer(state, byUri, { ...asked, name: uri }) ?? answer(state, byTemplate, { ...asked, name: uri })
  if (exact !== undefined) return exact
  const matching: CatalogResource[] = []
  for (const offers of matchingTemplates(state.resources, uri)) matching.push(...offers.filter(asked.isAmong))
  return answering(opened(state, matching, asked), who.visibilityClass)
}

type Offers = Required<Pick<Bearing, 'isAmong' | 'who'>> & Pick<Bearing, 'server'>

/** Which offers of a URI count in this scope; undefined: there is no such scope for whoever asks. */
function offersIn(state: CatalogState, { scope, who }: Asked): Offers | undefined {
  if (scope.kind === 'all') return { who, isAmong: () => true }
  if (scope.kind === 'gateway') return { who, isAmong: ({ gatewayId }) => gatewayId === scope.id }
  const server = openServer(state, scope.id, who)
  return server && { who, server, isAmong: ({ id }) => server.resources.places.has(id) }
}

/** What a URI, or the text of a template, of a list leads to. */
export function offered(
  state: CatalogState,
  kind: 'resources' | 'resourceTemplates',
  { scope, who, name }: Asked & { readonly name: string },
): Found<CatalogResource> | undefined {
  const { byUri, byTemplate } = state.resources
  const asked = offersIn(state, { scope, who })
  return asked && answer(state, kind === 'resources' ? byUri : byTemplate, { ...asked, name })
}
