import type { Principal } from '#/access/principal.ts'
import { scopeAllowed } from '#/access/scope.ts'
import type { AnyItem, CatalogGateway, CatalogPrompt, CatalogResource, CatalogTool } from './model.ts'
import { originalKey } from './named-shelf.ts'
import { originallyCalled } from './original-names.ts'
import { matchingTemplates } from './resource-shelf.ts'
import type { Found, Scope } from './snapshot.ts'
import { byAge, type CatalogState, type NamedShelf, type ServerPart } from './state.ts'

/** A principal narrowed to one endpoint reaches what is behind it and nothing else; doors that lead elsewhere refuse it before. */
export function isReachable(scope: Scope, who: Principal): boolean {
  return scopeAllowed(who, scope.kind, scope.kind === 'all' ? null : scope.id)
}

/** The virtual server, if it is switched on and visible. */
export function openServer(state: CatalogState, id: string, who: Principal): ServerPart | undefined {
  const part = state.servers.get(id)
  return part !== undefined && part.server.enabled && who.visibilityClass.sees(part.server) ? part : undefined
}

/** The gateway, if it is switched on and visible. What it offers is out of sight together with it. */
export function openGateway(state: CatalogState, id: string, who: Principal): CatalogGateway | undefined {
  const gateway = state.parts.get(id)?.gateway
  return gateway !== undefined && gateway.enabled && who.visibilityClass.sees(gateway) ? gateway : undefined
}

export const isOpen = (item: AnyItem, who: Principal): boolean => item.enabled && who.visibilityClass.sees(item)

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
  if (scope.kind === 'server') {
    const server = openServer(state, scope.id, who)
    return server && foundInServer(state, server, { kind, shelf, name, who })
  }
  const item = scope.kind === 'all' ? shelf.byName.get(name) : shelf.byOriginal.get(originalKey(scope.id, name))
  return found(state, { item, who, server: undefined })
}

interface InServer<Item> {
  readonly kind: 'tools' | 'prompts'
  readonly shelf: NamedShelf<Item>
  readonly name: string
  readonly who: Principal
}

/** By the name that the virtual server shows; where it shows none so, by the upstream's own. What is hidden is in nobody's way. */
function foundInServer<Item extends CatalogTool | CatalogPrompt>(
  state: CatalogState,
  server: ServerPart,
  { kind, shelf, name, who }: InServer<Item>,
): Found<Item> | undefined {
  const listed = found(state, { item: inServer(server, kind, { shelf, name }), who, server })
  if (listed !== undefined) return listed
  for (const other of originallyCalled(server[kind], shelf, name)) {
    const answer = found(state, { item: other, who, server })
    if (answer !== undefined) return answer
  }
  return undefined
}

/** A name that the virtual server gives belongs to whom it gives it; the others keep the aggregate's names. */
function inServer<Item extends CatalogTool | CatalogPrompt>(
  part: ServerPart,
  kind: 'tools' | 'prompts',
  { shelf, name }: { readonly shelf: NamedShelf<Item>; readonly name: string },
): Item | undefined {
  const list = part[kind]
  const renamed = list.renamed.get(name)
  if (renamed !== undefined) return shelf.byId.get(renamed.id)
  const item = shelf.byName.get(name)
  const place = item && list.places.get(item.id)
  return place !== undefined && list.items[place]?.name === null ? item : undefined
}

function found<Item extends AnyItem>(
  state: CatalogState,
  { item, who, server }: { item: Item | undefined; who: Principal; server: ServerPart | undefined },
): Found<Item> | undefined {
  if (item === undefined || !isOpen(item, who)) return undefined
  const gateway = openGateway(state, item.gatewayId, who)
  return gateway && { item, gateway, server: server?.server }
}

/** A resource by exact URI, then by the text of a template, then by a template that matches; of several offers the oldest. */
export function findResource(
  state: CatalogState,
  uri: string,
  { scope, who }: Asked,
): Found<CatalogResource> | undefined {
  if (!isReachable(scope, who)) return undefined
  const { byUri, byTemplate } = state.resources
  const asked = { scope, who }
  const exact = firstOffer(state, byUri.get(uri), asked) ?? firstOffer(state, byTemplate.get(uri), asked)
  if (exact !== undefined) return exact
  let best: Found<CatalogResource> | undefined
  for (const offers of matchingTemplates(state.resources, uri)) {
    const answer = firstOffer(state, offers, asked)
    if (answer !== undefined && (best === undefined || byAge(answer.item, best.item) < 0)) best = answer
  }
  return best
}

/** Of several offers of one URI, in order of age, the one that answers in this scope. */
function firstOffer(
  state: CatalogState,
  offers: readonly CatalogResource[] = [],
  { scope, who }: Asked,
): Found<CatalogResource> | undefined {
  const server = scope.kind === 'server' ? openServer(state, scope.id, who) : undefined
  if (scope.kind === 'server' && server === undefined) return undefined
  for (const item of offers) {
    if (scope.kind === 'gateway' && item.gatewayId !== scope.id) continue
    if (server !== undefined && !server.resources.places.has(item.id)) continue
    const answer = found(state, { item, who, server })
    if (answer !== undefined) return answer
  }
  return undefined
}

/** Whether asking for this item in the scope leads to it, rather than to an older offer of the same URI. */
export function answersItself(state: CatalogState, item: AnyItem, { scope, who }: Asked): boolean {
  if (!('isTemplate' in item)) return true
  const offers = item.isTemplate ? state.resources.byTemplate.get(item.uri) : state.resources.byUri.get(item.uri)
  if (offers === undefined || offers.length === 1) return true
  return firstOffer(state, offers, { scope, who })?.item.id === item.id
}
