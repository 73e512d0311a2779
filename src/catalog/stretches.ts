import type { Chunk, SortedRun } from '#/lib/sorted-run.ts'
import type { CursorKey } from './cursor.ts'
import { openGateway, openServer, isReachable, type Asked } from './lookup.ts'
import { lineOf, type Stretch } from './line.ts'
import type { AnyItem, CatalogGateway } from './model.ts'
import { serverStretches } from './server-stretches.ts'
import type { ListKind, Scope } from './snapshot.ts'
import { comparedTo, orderKey, type CatalogState, type Place } from './state.ts'

/** What a list consists of, before it is asked who may see a line. */
export interface Listing {
  readonly kind: ListKind
  /** Changes with anything that the list may show to anybody. */
  readonly stamp: string
  /** The scope as it is left to this principal. */
  readonly scope: Scope
  stretches(after: CursorKey | null): Iterable<Stretch>
}

/** Undefined: there is no such list for this principal. */
export function listingOf(state: CatalogState, kind: ListKind, { scope, who }: Asked): Listing | undefined {
  if (!isReachable(scope, who)) return undefined
  if (scope.kind === 'all') {
    const stretches = (after: CursorKey | null): Iterable<Stretch> => ofAll(state, { kind, who, after })
    return { kind, stamp: `${state.stamps[kind]}`, scope, stretches }
  }
  if (scope.kind === 'gateway') {
    const gateway = openGateway(state, scope.id, who)
    const run = state.parts.get(scope.id)?.[kind]
    if (gateway === undefined || run === undefined) return undefined
    const stretches = (after: CursorKey | null): Iterable<Stretch> =>
      ofGateway(gateway, {
        run: run as SortedRun<AnyItem>,
        after: after && placeNow(state, kind, after),
        scope: 'gateway',
      })
    return { kind, stamp: `${run.stamp}.${state.epoch}`, scope, stretches }
  }
  const part = openServer(state, scope.id, who)
  if (part === undefined) return undefined
  const list = part[kind === 'resourceTemplates' ? 'resources' : kind]
  const stretches = (after: CursorKey | null): Iterable<Stretch> => serverStretches(state, list, { kind, after })
  return { kind, stamp: `${list.stamp}.${state.epoch}`, scope, stretches }
}

interface Walk {
  readonly kind: ListKind
  readonly who: Asked['who']
  readonly after: CursorKey | null
}

/** All gateways from the oldest, each in its own order. */
function* ofAll(state: CatalogState, { kind, who, after }: Walk): Generator<Stretch> {
  const { gateways } = state
  const from = after === null ? { chunk: 0, index: 0 } : gateways.firstWhere((gateway) => !isBefore(gateway, after))
  for (let chunk = from.chunk; chunk < gateways.chunks.length; chunk++) {
    const items = gateways.chunks[chunk]?.items ?? []
    for (let index = chunk === from.chunk ? from.index : 0; index < items.length; index++) {
      const gateway = openGateway(state, items[index]?.id ?? '', who)
      const run = gateway && (state.parts.get(gateway.id)?.[kind] as SortedRun<AnyItem> | undefined)
      if (gateway === undefined || run === undefined) continue
      const place = gateway.id === after?.gatewayId ? placeNow(state, kind, after) : null
      yield* ofGateway(gateway, { run, after: place, scope: 'all' })
    }
  }
}

const isBefore = (gateway: CatalogGateway, at: CursorKey): boolean =>
  gateway.createdAt < at.gatewayCreatedAt || (gateway.createdAt === at.gatewayCreatedAt && gateway.id < at.gatewayId)

/** Where the item that the cursor names stands now, or where it stood. */
function placeNow(state: CatalogState, kind: ListKind, after: CursorKey): Place {
  const item = state[kind === 'resourceTemplates' ? 'resources' : kind].byId.get(after.id)
  if (item === undefined || item.gatewayId !== after.gatewayId) return after
  return { position: item.position, key: orderKey(item), id: item.id }
}

interface RunWalk {
  readonly run: SortedRun<AnyItem>
  readonly after: Place | null
  readonly scope: 'all' | 'gateway'
}

function* ofGateway(gateway: CatalogGateway, { run, after, scope }: RunWalk): Generator<Stretch> {
  const from = after === null ? { chunk: 0, index: 0 } : run.firstWhere((item) => comparedTo(item, after) > 0)
  for (let at = from.chunk; at < run.chunks.length; at++) {
    const chunk = run.chunks[at]
    if (chunk !== undefined) yield ofChunk(chunk, { gateway, scope, start: at === from.chunk ? from.index : 0 })
  }
}

function ofChunk(
  { id, items }: Chunk<AnyItem>,
  {
    gateway,
    scope,
    start,
  }: { readonly gateway: CatalogGateway; readonly scope: 'all' | 'gateway'; readonly start: number },
): Stretch {
  const itemAt = (index: number): AnyItem => items[index] as AnyItem
  return {
    key: `${scope}:${id}`,
    size: items.length,
    start,
    line: (index) => lineOf(scope, itemAt(index), undefined),
    cursor: (index) => {
      const item = itemAt(index)
      const { position } = item
      return { position, key: orderKey(item), id: item.id, gatewayId: gateway.id, gatewayCreatedAt: gateway.createdAt }
    },
  }
}
