import { Type } from '#/api/type.ts'
import { ToolId } from '#/access/ids.ts'
import { DryRunQuery } from '#/api/dry-run.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { changeItem } from '#/api/item-change.ts'
import { itemLists, itemSingles } from '#/api/item-endpoints.ts'
import type { ItemNoun, ItemRoom } from '#/api/item-noun.ts'
import { makeItem } from '#/api/make-item.ts'
import { IdParams, idOf } from '#/api/params.ts'
import { rawMember } from '#/api/raw-member.ts'
import { changedTool, newTool } from './make-tool.ts'
import { shapeable } from './shaped-reply.ts'
import type { Tool, ToolBacking, ToolChange, ToolDeps } from './tool.ts'
import { ToolCreate, ToolUpdate } from './tool-input.ts'
import { ToolView, toolView } from './tool-view.ts'

const tag = 'tools'

const TOOLS: ItemNoun<'tool', Tool> = {
  kind: 'tool',
  ids: ToolId,
  view: toolView,
  schema: ToolView,
  info: '/tools/{id}',
  nameOf: ({ name }) => name,
  deleted: (id) => `Tool ${id} permanently deleted`,
}

const SHAPED: readonly string[] = ['GET /tools', 'GET /tools/{id}']

/** Where a tool's API lies: what of its URL holds no arguments. */
const hostOf = ({ baseUrl, url }: ToolBacking): string => baseUrl ?? url

/** Every route of /tools. */
export function toolEndpoints(deps: ToolDeps): readonly Endpoint[] {
  const room = { noun: TOOLS, deps }
  const plain = [...itemLists(room), ...declaring(room), ...itemSingles(room)]
  const shaped = plain.map((each) => (SHAPED.includes(each.route) ? shapeable(each) : each))
  return [...shaped, calling(deps)]
}

/** Tools of an HTTP API are declared here; what is said of any tool may be changed. */
function declaring(room: ItemRoom<'tool', Tool, ToolChange> & { readonly deps: ToolDeps }): readonly Endpoint[] {
  const { sealer, addresses } = room.deps
  return [
    endpoint({
      route: 'POST /tools',
      permission: 'tools.create',
      tag,
      summary: 'Offer a call to an HTTP API as a tool',
      description:
        'GET sends the arguments in the query, every other method as a JSON body; what the URL names as {argument} goes there.',
      query: Type.Object(DryRunQuery),
      body: ToolCreate,
      reply: ToolView,
      status: 201,
      handle: async (asked) => {
        const id = ToolId.mint()
        const columns = newTool(id, asked.body, sealer)
        if (columns.backing !== undefined) await addresses.check(hostOf(columns.backing), asked.request.signal)
        const made = { id, columns, key: asked.body.name, asked }
        return await makeItem(room, made)
      },
    }),
    endpoint({
      route: 'PUT /tools/{id}',
      permission: 'tools.update',
      tag,
      summary: 'Change what is said of a tool',
      description: 'Only what is given changes; null gives back what the server says. `name` follows from customName.',
      params: IdParams,
      query: Type.Object(DryRunQuery),
      body: ToolUpdate,
      reply: ToolView,
      handle: (asked) =>
        changeItem(room, asked, async (item) => {
          const change = changedTool(item, asked.body, sealer)
          if (change.backing !== undefined && change.backing.url !== item.backing?.url)
            await addresses.check(hostOf(change.backing), asked.request.signal)
          return change
        }),
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
      const id = idOf(ToolId, params.id, 'Tool')
      return { body: await deps.invoker.call(principal, id, { argumentsJson, request }) }
    },
  })
}
