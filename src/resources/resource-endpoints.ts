import { Type, type Static } from 'typebox'
import { allow } from '#/access/allow.ts'
import { ResourceId, ServerId } from '#/access/ids.ts'
import type { Permission } from '#/access/permissions.ts'
import type { Principal } from '#/access/principal.ts'
import { actorOf, type Changed } from '#/api/actor.ts'
import { etagOf, preconditionFailed } from '#/api/conditional.ts'
import { endpoint, type Endpoint, type Reply } from '#/api/endpoint.ts'
import { Deleted, itemFilter, ItemQuery, ItemUpdateFields, StateQuery, seesServer } from '#/api/items.ts'
import { makeCursor, pageReply, pageRequest } from '#/api/paging.ts'
import { IdParams, idOf } from '#/api/params.ts'
import { tagsOf } from '#/api/tags.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Resource, ResourceChange, ResourceDeps } from './resource.ts'
import { ContentView, contentView, ResourceView, resourceView, templateView } from './resource-view.ts'

const tag = 'resources'
const idIn = (params: { readonly id: string }): ResourceId => idOf(ResourceId, params.id, 'Resource')
const withTag = (resource: Resource): Reply => ({
  headers: { etag: etagOf(resource.version) },
  body: resourceView(resource),
})

const ResourceUpdate = Type.Object(ItemUpdateFields)

/** Every route of /resources. */
export function resourceEndpoints(deps: ResourceDeps): readonly Endpoint[] {
  return [...lists(deps), ...reading(deps), ...writing(deps)]
}

function lists(deps: ResourceDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /resources',
      permission: 'resources.read',
      tag,
      summary: 'List resources, newest first',
      query: ItemQuery,
      reply: Type.Array(ResourceView),
      handle: async ({ query, principal }) => {
        const filter = { ...itemFilter(query), templates: false }
        const { rows, next } = await deps.store.page(pageRequest(query, principal), filter)
        const seen = rows.filter((resource) => principal.visibilityClass.sees(resource)).map(resourceView)
        return pageReply({ plural: 'resources', page: { rows: seen, next }, query, principal })
      },
    }),
    endpoint({
      route: 'GET /servers/{id}/resources',
      permission: 'servers.read',
      tag: 'servers',
      summary: 'List what a virtual server offers: resources',
      params: IdParams,
      query: ItemQuery,
      reply: Type.Array(ResourceView),
      handle: async ({ params, query, principal }) => {
        const id = idOf(ServerId, params.id, 'Server')
        if (!(await seesServer(deps.store, id, principal)))
          return pageReply({ plural: 'resources', page: { rows: [], next: null }, query, principal })
        const whole = { ...query, limit: query.limit ?? 0 }
        const { rows, next } = await deps.store.page(pageRequest(whole, principal), {
          ...itemFilter(query, id),
          templates: false,
        })
        const seen = rows.filter((resource) => principal.visibilityClass.sees(resource)).map(resourceView)
        return pageReply({ plural: 'resources', page: { rows: seen, next }, query, principal })
      },
    }),
    endpoint({
      route: 'GET /resources/templates/list',
      permission: 'resources.read',
      tag,
      summary: 'List resource templates, newest first',
      query: ItemQuery,
      reply: Type.Object({
        _meta: Type.Object({}),
        next_cursor: Type.Union([Type.String(), Type.Null()]),
        resource_templates: Type.Array(Type.Unknown()),
      }),
      handle: async ({ query, principal }) => {
        const filter = { ...itemFilter(query), templates: true }
        const { rows, next } = await deps.store.page(pageRequest(query, principal), filter)
        const seen = rows.filter((resource) => principal.visibilityClass.sees(resource)).map(templateView)
        const cursor = next && makeCursor(next, principal)
        return { body: { _meta: {}, next_cursor: cursor, resource_templates: seen } }
      },
    }),
  ]
}

function reading(deps: ResourceDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /resources/{id}',
      permission: 'resources.read',
      tag,
      summary: 'Read the content of a resource, in flat form',
      params: IdParams,
      reply: ContentView,
      reachesBackend: true,
      handle: async ({ params, principal, request }) => {
        const id = idIn(params)
        return { body: contentView(id, await deps.content.read(principal, id, request)) }
      },
    }),
    endpoint({
      route: 'GET /resources/{id}/content',
      permission: 'resources.read',
      tag,
      summary: 'Read the content of a resource',
      description: "Answers the MCP ReadResourceResult exactly as the resource's server gave it.",
      params: IdParams,
      reply: Type.Object({ contents: Type.Array(Type.Unknown()) }, { title: 'ReadResourceResult' }),
      reachesBackend: true,
      handle: async ({ params, principal, request }) => ({
        body: await deps.content.read(principal, idIn(params), request),
      }),
    }),
    endpoint({
      route: 'GET /resources/{id}/info',
      permission: 'resources.read',
      tag,
      summary: 'Read what is stored of a resource',
      params: IdParams,
      query: Type.Object({ include_inactive: Type.Optional(Type.Boolean()) }),
      reply: ResourceView,
      handle: async ({ params, principal }) =>
        withTag(await resourceFor(deps, idIn(params), [principal, 'resources.read'])),
    }),
  ]
}

function writing(deps: ResourceDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'PUT /resources/{id}',
      permission: 'resources.update',
      tag,
      summary: 'Change what is said of a resource',
      description: 'Only what is given changes; null gives back what the server says.',
      params: IdParams,
      body: ResourceUpdate,
      reply: ResourceView,
      handle: async ({ params, body, principal, ifMatch, request }) => {
        const { id } = await resourceFor(deps, idIn(params), [principal, 'resources.update'])
        const to = { ifMatch, actor: actorOf(principal, request) }
        return withTag(await settled(deps, id, await deps.store.update(id, changeOf(body), to)))
      },
    }),
    endpoint({
      route: 'DELETE /resources/{id}',
      permission: 'resources.delete',
      tag,
      summary: 'Delete a resource',
      description: 'It comes back with the next discovery while its server offers it; switch it off to keep it away.',
      params: IdParams,
      reply: Deleted,
      handle: async ({ params, principal, ifMatch, request }) => {
        const { id } = await resourceFor(deps, idIn(params), [principal, 'resources.delete'])
        const changed = await deps.store.remove(id, { ifMatch, actor: actorOf(principal, request) })
        if (changed === undefined) await settled(deps, id, changed)
        else await deps.settled(changed.seq)
        return { body: { status: 'success', message: `Resource ${id} deleted` } }
      },
    }),
    endpoint({
      route: 'POST /resources/{id}/state',
      permission: 'resources.update',
      tag,
      summary: 'Switch a resource on or off',
      params: IdParams,
      query: StateQuery,
      reply: Type.Object({ status: Type.String(), message: Type.String(), resource: Type.Unknown() }),
      handle: async ({ params, query, principal, ifMatch, request }) => {
        const { id } = await resourceFor(deps, idIn(params), [principal, 'resources.update'])
        const enabled = query.activate ?? true
        const to = { ifMatch, actor: actorOf(principal, request) }
        const resource = await settled(deps, id, await deps.store.update(id, { enabled }, to))
        const message = `Resource ${id} ${enabled ? 'activated' : 'deactivated'}`
        return {
          ...withTag(resource),
          body: { status: 'success', message, resource: resourceView(resource) },
        }
      },
    }),
  ]
}

async function resourceFor(
  deps: ResourceDeps,
  id: ResourceId,
  [principal, permission]: [Principal, Permission],
): Promise<Resource> {
  const resource = await deps.store.byId(id)
  if (resource === undefined || !principal.visibilityClass.sees(resource))
    throw new GatewayError('not_found', `Resource not found: ${id}`)
  return allow(principal, permission, resource).target
}

function changeOf({ title, description, tags, visibility }: Static<typeof ResourceUpdate>): ResourceChange {
  return {
    ...(title === undefined ? {} : { customTitle: title }),
    ...(description === undefined ? {} : { customDescription: description }),
    ...(tags === undefined ? {} : { tags: tagsOf(tags) }),
    ...(visibility === undefined ? {} : { visibility }),
  }
}

async function settled(deps: ResourceDeps, id: ResourceId, changed: Changed | undefined): Promise<Resource> {
  if (changed !== undefined) await deps.settled(changed.seq)
  const resource = await deps.store.byId(id)
  if (resource === undefined) throw new GatewayError('not_found', `Resource not found: ${id}`)
  if (changed === undefined) throw preconditionFailed('the resource', resource.version, resourceView(resource))
  return resource
}
