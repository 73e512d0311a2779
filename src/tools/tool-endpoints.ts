import { Type, type Static } from 'typebox'
import { allow } from '#/access/allow.ts'
import { ToolId, ServerId } from '#/access/ids.ts'
import type { Permission } from '#/access/permissions.ts'
import type { Principal } from '#/access/principal.ts'
import { actorOf, type Changed } from '#/api/actor.ts'
import { etagOf, preconditionFailed } from '#/api/conditional.ts'
import { endpoint, type Endpoint, type Reply } from '#/api/endpoint.ts'
import { Deleted, itemFilter, ItemQuery, ItemUpdateFields, StateQuery, seesServer } from '#/api/items.ts'
import { pageReply, pageRequest } from '#/api/paging.ts'
import { IdParams, idOf } from '#/api/params.ts'
import { rawMember } from '#/api/raw-member.ts'
import { tagsOf } from '#/api/tags.ts'
import { assignNames } from '#/catalog/names.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Tool, ToolChange, ToolDeps } from './tool.ts'
import { ToolView, toolView } from './tool-view.ts'

const tag = 'tools'
const idIn = (params: { readonly id: string }): ToolId => idOf(ToolId, params.id, 'Tool')
const withTag = (tool: Tool): Reply => ({ headers: { etag: etagOf(tool.version) }, body: toolView(tool) })

const ToolUpdate = Type.Object({
  customName: Type.Optional(
    Type.String({ minLength: 1, maxLength: 255, description: "Changes the tool's computed name" }),
  ),
  displayName: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
  deprecated: Type.Optional(Type.Boolean()),
  ...ItemUpdateFields,
})

/** Every route of /tools. */
export function toolEndpoints(deps: ToolDeps): readonly Endpoint[] {
  return [...reading(deps), ...writing(deps), calling(deps)]
}

function reading(deps: ToolDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /tools',
      permission: 'tools.read',
      tag,
      summary: 'List tools, newest first',
      query: ItemQuery,
      reply: Type.Array(ToolView),
      handle: async ({ query, principal }) => {
        const { rows, next } = await deps.store.page(pageRequest(query, principal), itemFilter(query))
        const seen = rows.filter((tool) => principal.visibilityClass.sees(tool)).map(toolView)
        return pageReply({ plural: 'tools', page: { rows: seen, next }, query, principal })
      },
    }),
    endpoint({
      route: 'GET /servers/{id}/tools',
      permission: 'servers.read',
      tag: 'servers',
      summary: 'List what a virtual server offers: tools',
      params: IdParams,
      query: ItemQuery,
      reply: Type.Array(ToolView),
      handle: async ({ params, query, principal }) => {
        const id = idOf(ServerId, params.id, 'Server')
        if (!(await seesServer(deps.store, id, principal)))
          return pageReply({ plural: 'tools', page: { rows: [], next: null }, query, principal })
        const whole = { ...query, limit: query.limit ?? 0 }
        const { rows, next } = await deps.store.page(pageRequest(whole, principal), itemFilter(query, id))
        const seen = rows.filter((tool) => principal.visibilityClass.sees(tool)).map(toolView)
        return pageReply({ plural: 'tools', page: { rows: seen, next }, query, principal })
      },
    }),
    endpoint({
      route: 'GET /tools/{id}',
      permission: 'tools.read',
      tag,
      summary: 'Read a tool',
      params: IdParams,
      reply: ToolView,
      handle: async ({ params, principal }) => withTag(await toolFor(deps, idIn(params), [principal, 'tools.read'])),
    }),
  ]
}

function writing(deps: ToolDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'PUT /tools/{id}',
      permission: 'tools.update',
      tag,
      summary: 'Change what is said of a tool',
      description: 'Only what is given changes; null gives back what the server says. `name` follows from customName.',
      params: IdParams,
      body: ToolUpdate,
      reply: ToolView,
      handle: async ({ params, body, principal, ifMatch, request }) => {
        const tool = await toolFor(deps, idIn(params), [principal, 'tools.update'])
        const to = { ifMatch, actor: actorOf(principal, request) }
        return withTag(await settled(deps, tool.id, await named(deps.store.update(tool.id, changeOf(tool, body), to))))
      },
    }),
    endpoint({
      route: 'DELETE /tools/{id}',
      permission: 'tools.delete',
      tag,
      summary: 'Delete a tool',
      description: 'It comes back with the next discovery while its server offers it; switch it off to keep it away.',
      params: IdParams,
      reply: Deleted,
      handle: async ({ params, principal, ifMatch, request }) => {
        const { id } = await toolFor(deps, idIn(params), [principal, 'tools.delete'])
        const changed = await deps.store.remove(id, { ifMatch, actor: actorOf(principal, request) })
        if (changed === undefined) await settled(deps, id, changed)
        else await deps.settled(changed.seq)
        return { body: { status: 'success', message: `Tool ${id} permanently deleted` } }
      },
    }),
    endpoint({
      route: 'POST /tools/{id}/state',
      permission: 'tools.update',
      tag,
      summary: 'Switch a tool on or off',
      params: IdParams,
      query: StateQuery,
      reply: Type.Object({ status: Type.String(), message: Type.String(), tool: Type.Unknown() }),
      handle: async ({ params, query, principal, ifMatch, request }) => {
        const { id } = await toolFor(deps, idIn(params), [principal, 'tools.update'])
        const enabled = query.activate ?? true
        const to = { ifMatch, actor: actorOf(principal, request) }
        const tool = await settled(deps, id, await deps.store.update(id, { enabled }, to))
        const message = `Tool ${id} ${enabled ? 'activated' : 'deactivated'}`
        return { ...withTag(tool), body: { status: 'success', message, tool: toolView(tool) } }
      },
    }),
  ]
}

function calling(deps: ToolDeps): Endpoint {
  return endpoint({
    route: 'POST /tools/{id}/call',
    permission: 'tools.execute',
    tag,
    summary: 'Call a tool',
    description: "Answers the MCP CallToolResult exactly as the tool's server gave it.",
    params: IdParams,
    body: Type.Object({ arguments: Type.Optional(Type.Object({}, { description: "The tool's arguments" })) }),
    reply: Type.Unknown({ title: 'CallToolResult' }),
    reachesBackend: true,
    handle: async ({ params, rawBody, principal, request }) => {
      const argumentsJson = rawMember(rawBody, 'arguments') ?? Buffer.from('{}')
      return { body: await deps.invoker.call(principal, idIn(params), { argumentsJson, request }) }
    },
  })
}

async function toolFor(deps: ToolDeps, id: ToolId, [principal, permission]: [Principal, Permission]): Promise<Tool> {
  const tool = await deps.store.byId(id)
  if (tool === undefined || !principal.visibilityClass.sees(tool))
    throw new GatewayError('not_found', `Tool not found: ${id}`)
  return allow(principal, permission, tool).target
}

function changeOf(tool: Tool, body: Static<typeof ToolUpdate>): ToolChange {
  const { customName, displayName, deprecated, title, description, tags, visibility } = body
  const renamed = customName !== undefined && customName !== tool.customName
  const [name = tool.name] = assignNames([{ gatewayName: tool.gatewaySlug, customName: customName ?? '' }], new Set())
  return {
    ...(renamed ? { customName, name } : {}),
    ...(displayName === undefined ? {} : { displayName }),
    ...(deprecated === undefined ? {} : { deprecated }),
    ...(title === undefined ? {} : { customTitle: title }),
    ...(description === undefined ? {} : { customDescription: description }),
    ...(tags === undefined ? {} : { tags: tagsOf(tags) }),
    ...(visibility === undefined ? {} : { visibility }),
  }
}

/** A name that an operator chose is not quietly changed into another one: taken is a conflict. */
async function named(update: Promise<Changed | undefined>): Promise<Changed | undefined> {
  try {
    return await update
  } catch (error) {
    if (error instanceof GatewayError && error.data?.['constraint'] === 'tools_name')
      throw new GatewayError('conflict', 'Tool name already exists', { cause: error, field: 'customName' })
    throw error
  }
}

async function settled(deps: ToolDeps, id: ToolId, changed: Changed | undefined): Promise<Tool> {
  if (changed !== undefined) await deps.settled(changed.seq)
  const tool = await deps.store.byId(id)
  if (tool === undefined) throw new GatewayError('not_found', `Tool not found: ${id}`)
  if (changed === undefined) throw preconditionFailed('the tool', tool.version, toolView(tool))
  return tool
}
