import { Type } from '#/api/type.ts'
import { ServerId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import { actorOf } from '#/api/actor.ts'
import { withMetrics } from '#/api/call-totals.ts'
import { etagOf } from '#/api/conditional.ts'
import { DryRunQuery, foreseen } from '#/api/dry-run.ts'
import { endpoint, type Endpoint, type Reply } from '#/api/endpoint.ts'
import { Deleted, PurgeQuery, StateQuery, VisibilityInput } from '#/api/items.ts'
import { pageReply, pageRequest, PagingQuery } from '#/api/paging.ts'
import { IdParams, idOf } from '#/api/params.ts'
import { tagFilter } from '#/api/tags.ts'
import { foreseeNewServer, foreseeServer, serverGone, serverThen } from './foreseeing.ts'
import { changeServer, makeServer, serverFor, settled, stale } from './make-server.ts'
import type { Server, ServerDeps } from './server.ts'
import { ServerCreate, ServerUpdate } from './server-input.ts'
import { ServerView, serverView } from './server-view.ts'

const tag = 'servers'
const idIn = (params: { readonly id: string }): ServerId => idOf(ServerId, params.id, 'Server')
const withTag = (server: Server, principal: Principal): Reply => ({
  headers: { etag: etagOf(server.version) },
  body: serverView(server, principal),
})

/** Every route of /servers, but for what they contain: those are with tools, prompts and resources. */
export function serverEndpoints(deps: ServerDeps): readonly Endpoint[] {
  return [...collection(deps), ...single(deps), ...switching(deps)]
}

function collection(deps: ServerDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'POST /servers',
      permission: 'servers.create',
      tag,
      summary: 'Make a virtual server',
      query: Type.Object(DryRunQuery),
      body: ServerCreate,
      reply: ServerView,
      status: 201,
      handle: async (input) => {
        const { query, principal } = input
        if (query.dry_run === true) return await foreseeNewServer(deps, input)
        return withTag(await makeServer(deps, input), principal)
      },
    }),
    endpoint({
      route: 'GET /servers',
      permission: 'servers.read',
      tag,
      summary: 'List virtual servers, newest first',
      query: Type.Object({
        ...PagingQuery,
        tags: Type.Optional(Type.String()),
        visibility: Type.Optional(VisibilityInput),
        team_id: Type.Optional(Type.String()),
        include_metrics: Type.Optional(Type.Boolean({ description: 'With what was counted of each' })),
      }),
      reply: Type.Array(ServerView),
      handle: async ({ query, principal }) => {
        const filter = {
          tags: tagFilter(query.tags),
          visibility: query.visibility ?? null,
          teamId: query.team_id ?? null,
        }
        const { rows, next } = await deps.store.page(pageRequest(query, principal), filter)
        const seen = rows.filter((server) => principal.visibilityClass.sees(server))
        const totals = query.include_metrics === true ? await deps.store.totals(seen.map(({ id }) => id)) : null
        const views = seen.map((server) =>
          totals === null
            ? serverView(server, principal)
            : withMetrics(serverView(server, principal), totals.get(server.id)),
        )
        return pageReply({ plural: 'servers', page: { rows: views, next }, query, principal })
      },
    }),
  ]
}

function single(deps: ServerDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /servers/{id}',
      permission: 'servers.read',
      tag,
      summary: 'Read a virtual server',
      params: IdParams,
      reply: ServerView,
      handle: async ({ params, principal }) =>
        withTag(await serverFor(deps, idIn(params), [principal, 'servers.read']), principal),
    }),
    endpoint({
      route: 'PUT /servers/{id}',
      permission: 'servers.update',
      tag,
      summary: 'Change a virtual server',
      description: 'Only what is given changes; an `associated…` list replaces the one before, `[]` clears it.',
      params: IdParams,
      query: Type.Object(DryRunQuery),
      body: ServerUpdate,
      reply: ServerView,
      handle: async ({ params, query, body, principal, ifMatch, request }) => {
        const id = idIn(params)
        if (query.dry_run === true) return await foreseeServer(deps, id, { body, ifMatch, principal, request })
        return withTag(await changeServer(deps, id, { body, ifMatch, principal, request }), principal)
      },
    }),
  ]
}

function switching(deps: ServerDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'DELETE /servers/{id}',
      permission: 'servers.delete',
      tag,
      summary: 'Delete a virtual server',
      params: IdParams,
      query: PurgeQuery,
      reply: Deleted,
      handle: async ({ params, query, principal, ifMatch, request }) => {
        const server = await serverFor(deps, idIn(params), [principal, 'servers.delete'])
        const { id } = server
        if (ifMatch !== null && ifMatch !== server.version) throw stale(server, principal)
        if (query.dry_run === true) return await foreseen(deps, serverGone(id), { asking: principal })
        const changed = await deps.store.remove(id, { ifMatch, actor: actorOf(principal, request) })
        if (changed === undefined) await settled(deps, id, { changed, principal })
        else await deps.settled(changed.seq)
        if (query.purge_metrics === true) await deps.store.purge(id)
        return { body: { status: 'success', message: `Server ${id} deleted successfully` } }
      },
    }),
    endpoint({
      route: 'POST /servers/{id}/state',
      permission: 'servers.update',
      tag,
      summary: 'Switch a virtual server on or off',
      params: IdParams,
      query: StateQuery,
      reply: ServerView,
      handle: async ({ params, query, principal, ifMatch, request }) => {
        const server = await serverFor(deps, idIn(params), [principal, 'servers.update'])
        const { id } = server
        const enabled = query.activate ?? true
        if (ifMatch !== null && ifMatch !== server.version) throw stale(server, principal)
        if (query.dry_run === true)
          return await foreseen(deps, serverThen({ ...server, enabled }, server.items), { asking: principal })
        const to = { ifMatch, actor: actorOf(principal, request) }
        const changed = await deps.store.setEnabled(id, enabled, to)
        return withTag(await settled(deps, id, { changed, principal }), principal)
      },
    }),
  ]
}
