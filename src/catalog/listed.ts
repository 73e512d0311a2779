import type { Principal } from '#/access/principal.ts'
import type { Line } from './line.ts'
import { findNamed, listedInServer, offered, openServer } from './lookup.ts'
import type { AnyItem } from './model.ts'
import type { Found, ListKind, Scope } from './snapshot.ts'
import type { CatalogState, NamedShelf, ServerList } from './state.ts'

interface Listed {
  readonly kind: ListKind
  readonly scope: Scope
}

/** Whether names of the list may be borne by several, so that it depends on who asks which of them answers. */
export function hasNamesakes(state: CatalogState, { kind, scope }: Listed): boolean {
  if (scope.kind === 'gateway') return false
  if (kind === 'resources') return state.resources.byUri.several.size > 0
  if (kind === 'resourceTemplates') return state.resources.byTemplate.several.size > 0
  const given = scope.kind === 'server' ? (state.servers.get(scope.id)?.[kind].renamed.size ?? 0) : 0
  return given > 0 || state[kind].byName.several.size > 0
}

/**
 * Which lines of a list lead to their item when they are asked for by the name that they show: the others are left out. Where a name has
 * one bearer that costs nothing; where it has several, the one that answers is looked up once for all of them.
 */
export function leadsToItself(state: CatalogState, listed: Listed, who: Principal): (line: Line) => boolean {
  if (!hasNamesakes(state, listed)) return () => true
  const { kind, scope } = listed
  const list = scope.kind === 'server' && isNamed(kind) ? state.servers.get(scope.id)?.[kind] : undefined
  const known = new Map<string, string | undefined>()
  const answer = (name: string): string | undefined => {
    if (!known.has(name)) known.set(name, find(state, listed, { name, who })?.item.id)
    return known.get(name)
  }
  return (line) => {
    const name = askedFor(line)
    return !isShared(state, kind, { name, id: line.item.id, list }) || answer(name) === line.item.id
  }
}

/** What a client says that means this line. */
const askedFor = ({ item, name }: Line): string => ('isTemplate' in item ? item.uri : (name ?? item.name))

const isNamed = (kind: ListKind): kind is 'tools' | 'prompts' => kind === 'tools' || kind === 'prompts'

interface Named {
  readonly name: string
  readonly id: string
  /** Of the virtual server whose list it is, where that gives names. */
  readonly list: ServerList | undefined
}

function isShared(state: CatalogState, kind: ListKind, { name, id, list }: Named): boolean {
  if (kind === 'resources') return state.resources.byUri.several.has(name)
  if (kind === 'resourceTemplates') return state.resources.byTemplate.several.has(name)
  const { one, several } = state[kind].byName
  const renamed = list?.renamed.get(name)
  return renamed?.id === id ? one.has(name) : renamed !== undefined || several.has(name)
}

function find(
  state: CatalogState,
  { kind, scope }: Listed,
  { name, who }: { readonly name: string; readonly who: Principal },
): Found<AnyItem> | undefined {
  if (!isNamed(kind)) return offered(state, kind, { scope, name, who })
  if (scope.kind !== 'server') return findNamed<never>(state, kind, { scope, name, who })
  const server = openServer(state, scope.id, who)
  const shelf = state[kind] as unknown as NamedShelf<never>
  return server && listedInServer<never>(state, server, { kind, shelf, name, who })
}
