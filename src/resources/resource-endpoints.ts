import { Type } from '#/api/type.ts'
import { ResourceId } from '#/access/ids.ts'
import { DryRunQuery } from '#/api/dry-run.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { changeItem } from '#/api/item-change.ts'
import { itemLists, itemSingles } from '#/api/item-endpoints.ts'
import type { ItemNoun, ItemRoom } from '#/api/item-noun.ts'
import { itemFilter, ItemQuery } from '#/api/items.ts'
import { makeItem } from '#/api/make-item.ts'
import { makeCursor, pageRequest } from '#/api/paging.ts'
import { IdParams, idOf } from '#/api/params.ts'
import { changedResource, newResource } from './make-resource.ts'
import { resourceChanges } from './resource-changes.ts'
import type { Resource, ResourceChange, ResourceDeps } from './resource.ts'
import { ResourceCreate, ResourceUpdate } from './resource-input.ts'
import { ContentView, contentView, ResourceView, resourceView, templateView } from './resource-view.ts'

const tag = 'resources'

const RESOURCES: ItemNoun<'resource', Resource> = {
  kind: 'resource',
  ids: ResourceId,
  view: resourceView,
  schema: ResourceView,
  info: '/resources/{id}/info',
  nameOf: ({ uri }) => uri,
  deleted: (id) => `Resource ${id} deleted`,
}

/** Every route of /resources. */
export function resourceEndpoints(deps: ResourceDeps): readonly Endpoint[] {
  const room = { noun: RESOURCES, deps }
  return [
    ...itemLists(room),
    templates(deps),
    ...reading(deps),
    ...declaring(room),
    resourceChanges(deps),
    ...itemSingles(room),
  ]
}

function templates(deps: ResourceDeps): Endpoint {
  return endpoint({
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
  })
}

const UriParams = Type.Object({ uri: Type.String({ description: 'The URI, percent-encoded' }) })

function reading({ content }: ResourceDeps): readonly Endpoint[] {
  const idIn = (params: { readonly id: string }): ResourceId => idOf(ResourceId, params.id, 'Resource')
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
        return { body: contentView(id, await content.read(principal, id, request)) }
      },
    }),
    endpoint({
      route: 'GET /resources/test/{uri}',
      permission: 'resources.read',
      tag,
      summary: 'Read the content of whatever a URI leads to',
      description: 'As over MCP: a resource with that URI, or the template that it fits.',
      params: UriParams,
      reply: Type.Object({ content: Type.Unknown() }),
      reachesBackend: true,
      handle: async ({ params, principal, request }) => {
        const { id, result } = await content.readAt(principal, params.uri, request)
        const { mime_type: mimeType, text, blob, ...named } = contentView(id, result)
        return { body: { content: { ...named, mimeType, text, blob } } }
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
        body: await content.read(principal, idIn(params), request),
      }),
    }),
  ]
}

function declaring(room: ItemRoom<'resource', Resource, ResourceChange>): readonly Endpoint[] {
  return [
    endpoint({
      route: 'POST /resources',
      permission: 'resources.create',
      tag,
      summary: 'Offer a text as a resource',
      query: Type.Object(DryRunQuery),
      body: ResourceCreate,
      reply: ResourceView,
      status: 201,
      handle: async (asked) => {
        const columns = newResource(asked.body)
        const made = { id: ResourceId.mint(), columns, key: columns.uri ?? asked.body.uri, asked }
        return await makeItem(room, made)
      },
    }),
    endpoint({
      route: 'PUT /resources/{id}',
      permission: 'resources.update',
      tag,
      summary: 'Change what is said of a resource',
      description: 'Only what is given changes; null gives back what the server says.',
      params: IdParams,
      query: Type.Object(DryRunQuery),
      body: ResourceUpdate,
      reply: ResourceView,
      handle: (asked) => changeItem(room, asked, (item) => changedResource(item, asked.body)),
    }),
  ]
}
