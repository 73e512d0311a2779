import { Type } from './type.ts'
import { ServerId } from '#/access/ids.ts'
import type { Permission } from '#/access/permissions.ts'
import type { Id } from '#/lib/ids.ts'
import { actorOf } from './actor.ts'
import { withMetrics } from './call-totals.ts'
import { writerFor } from './dry-run.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { foreseeItem } from './item-foresight.ts'
import { itemFor, settledItem, tagged, titleOf, type ItemRoom } from './item-noun.ts'
import {
  Deleted,
  itemFilter,
  ItemQuery,
  PurgeQuery,
  seesServer,
  ServerItemQuery,
  StateQuery,
  type ItemChange,
  type StoredItem,
} from './items.ts'
import { pageReply, pageRequest, type Page } from './paging.ts'
import { IdParams, idOf } from './params.ts'

type Kind = 'tool' | 'prompt' | 'resource'
const may = (kind: Kind, what: 'read' | 'update' | 'delete'): Permission => `${kind}s.${what}`

/** The list of all of them, and of those that a virtual server offers. */
export function itemLists<K extends Kind, Item extends StoredItem<Id<K>>, Change extends ItemChange>({
  noun,
  deps,
}: ItemRoom<K, Item, Change>): readonly Endpoint[] {
  const plural = `${noun.kind}s` as const
  const only = noun.kind === 'resource' ? { templates: false } : {}
  return [
    endpoint({
      route: `GET /${plural}`,
      permission: may(noun.kind, 'read'),
      tag: plural,
      summary: `List ${plural}, newest first`,
      query: ItemQuery,
      reply: Type.Array(noun.schema),
      handle: async ({ query, principal }) => {
        const { rows, next } = await deps.store.page(pageRequest(query, principal), { ...itemFilter(query), ...only })
        const seen = rows.filter((item) => principal.visibilityClass.sees(item)).map(noun.view)
        return pageReply({ plural, page: { rows: seen, next }, query, principal })
      },
    }),
    endpoint({
      route: `GET /servers/{id}/${plural}`,
      permission: 'servers.read',
      tag: 'servers',
      summary: `List what a virtual server offers: ${plural}`,
      params: IdParams,
      query: ServerItemQuery,
      reply: Type.Array(noun.schema),
      handle: async ({ params, query, principal }) => {
        const id = idOf(ServerId, params.id, 'Server')
        const seen = await seesServer(deps.store, id, principal)
        const request = pageRequest({ ...query, limit: query.limit ?? 0 }, principal)
        const filter = { ...itemFilter(query, id), ...only }
        const page: Page<Item> = seen ? await deps.store.page(request, filter) : { rows: [], next: null }
        const items = page.rows.filter((item) => principal.visibilityClass.sees(item))
        const totals = query.include_metrics === true ? await deps.store.totals(items.map((item) => item.id)) : null
        const rows = items.map((item) => {
          const view = noun.view(item)
          return totals === null ? view : withMetrics(view, totals.get(item.id))
        })
        return pageReply({ plural, page: { rows, next: page.next }, query, principal })
      },
    }),
  ]
}

/** What is stored of one, its end, and its switch. */
export function itemSingles<K extends Kind, Item extends StoredItem<Id<K>>, Change extends ItemChange>(
  room: ItemRoom<K, Item, Change>,
): readonly Endpoint[] {
  const { noun } = room
  const tag = `${noun.kind}s`
  return [
    endpoint({
      route: `GET ${noun.info}`,
      permission: may(noun.kind, 'read'),
      tag,
      summary: `Read what is stored of a ${noun.kind}`,
      params: IdParams,
      query: Type.Object({ include_inactive: Type.Optional(Type.Boolean()) }),
      reply: noun.schema,
      handle: async ({ params, principal }) =>
        tagged(noun, await itemFor(room, params.id, [principal, may(noun.kind, 'read')])),
    }),
    deletion(room),
    endpoint({
      route: `POST /${noun.kind}s/{id}/state`,
      permission: may(noun.kind, 'update'),
      tag,
      summary: `Switch a ${noun.kind} on or off`,
      params: IdParams,
      query: StateQuery,
      reply: Type.Object({ status: Type.String(), message: Type.String(), [noun.kind]: Type.Unknown() }),
      handle: async ({ params, query, principal, ifMatch, request }) => {
        const found = await itemFor(room, params.id, [principal, may(noun.kind, 'update')])
        const { id } = found
        const enabled = query.activate ?? true
        const to = { ifMatch, actor: actorOf(principal, request) }
        const writer = writerFor(room.deps, query)
        const item = await settledItem(room, id, await writer.update(id, { enabled } as Change, to))
        if (query.dry_run === true) return await foreseeItem(room, principal, { item: found, to: { enabled } })
        const message = `${titleOf(noun.kind)} ${id} ${enabled ? 'activated' : 'deactivated'}`
        return { ...tagged(noun, item), body: { status: 'success', message, [noun.kind]: noun.view(item) } }
      },
    }),
  ]
}

function deletion<K extends Kind, Item extends StoredItem<Id<K>>, Change extends ItemChange>(
  room: ItemRoom<K, Item, Change>,
): Endpoint {
  const { noun, deps } = room
  return endpoint({
    route: `DELETE /${noun.kind}s/{id}`,
    permission: may(noun.kind, 'delete'),
    tag: `${noun.kind}s`,
    summary: `Delete a ${noun.kind}`,
    description:
      'What an upstream offers comes back with the next discovery while it is offered; switch it off to keep it away.',
    params: IdParams,
    query: PurgeQuery,
    reply: Deleted,
    handle: async ({ params, query, principal, ifMatch, request }) => {
      const item = await itemFor(room, params.id, [principal, may(noun.kind, 'delete')])
      const { id } = item
      const changed = await writerFor(deps, query).remove(id, { ifMatch, actor: actorOf(principal, request) })
      if (changed === undefined) await settledItem(room, id, changed)
      else await deps.settled(changed.seq)
      if (query.dry_run === true) return await foreseeItem(room, principal, { item, to: null })
      if (query.purge_metrics === true) await deps.store.purge(id)
      return { body: { status: 'success', message: noun.deleted(id) } }
    },
  })
}
