import { Type } from '#/api/type.ts'
import { PromptId } from '#/access/ids.ts'
import { DryRunQuery } from '#/api/dry-run.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { changeItem } from '#/api/item-change.ts'
import { itemLists, itemSingles } from '#/api/item-endpoints.ts'
import type { ItemNoun, ItemRoom } from '#/api/item-noun.ts'
import { makeItem } from '#/api/make-item.ts'
import { IdParams } from '#/api/params.ts'
import { changedPrompt, newPrompt } from './make-prompt.ts'
import type { Prompt, PromptChange, PromptDeps } from './prompt.ts'
import { PromptCreate, PromptUpdate } from './prompt-input.ts'
import { PromptView, promptView } from './prompt-view.ts'

const tag = 'prompts'

const PROMPTS: ItemNoun<'prompt', Prompt> = {
  kind: 'prompt',
  ids: PromptId,
  view: promptView,
  schema: PromptView,
  info: '/prompts/{id}/info',
  nameOf: ({ name }) => name,
  deleted: (id) => `Prompt ${id} deleted`,
}

const PromptResult = Type.Object(
  { description: Type.Optional(Type.String()), messages: Type.Array(Type.Unknown()) },
  { title: 'GetPromptResult' },
)

/** Every route of /prompts. */
export function promptEndpoints(deps: PromptDeps): readonly Endpoint[] {
  const room = { noun: PROMPTS, deps }
  return [...itemLists(room), ...declaring(room), ...itemSingles(room), ...getting(deps)]
}

function declaring(room: ItemRoom<'prompt', Prompt, PromptChange>): readonly Endpoint[] {
  return [
    endpoint({
      route: 'POST /prompts',
      permission: 'prompts.create',
      tag,
      summary: 'Offer a text as a prompt',
      query: Type.Object(DryRunQuery),
      body: PromptCreate,
      reply: PromptView,
      status: 201,
      handle: async (asked) => {
        const columns = newPrompt(asked.body)
        const made = { id: PromptId.mint(), columns, key: asked.body.name, asked }
        return await makeItem(room, made)
      },
    }),
    endpoint({
      route: 'PUT /prompts/{id}',
      permission: 'prompts.update',
      tag,
      summary: 'Change what is said of a prompt',
      description: 'Only what is given changes; null gives back what the server says. `name` follows from customName.',
      params: IdParams,
      query: Type.Object(DryRunQuery),
      body: PromptUpdate,
      reply: PromptView,
      handle: (asked) => changeItem(room, asked, (item) => changedPrompt(item, asked.body)),
    }),
  ]
}

function getting(deps: PromptDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /prompts/{id}',
      permission: 'prompts.read',
      tag,
      summary: 'Get a prompt without arguments, by id or name',
      params: IdParams,
      reply: PromptResult,
      reachesBackend: true,
      handle: async ({ params, principal, request }) => ({
        body: await deps.getter.get(principal, params.id, { argumentsJson: null, request }),
      }),
    }),
    endpoint({
      route: 'POST /prompts/{id}',
      permission: 'prompts.read',
      tag,
      summary: 'Get a prompt with arguments, by id or name',
      description:
        "The body is the arguments: `{name: text}`. Answers the MCP GetPromptResult as the prompt's server gave it.",
      params: IdParams,
      body: Type.Object({}, { additionalProperties: Type.String() }),
      reply: PromptResult,
      reachesBackend: true,
      handle: async ({ params, rawBody, principal, request }) => {
        const argumentsJson = rawBody.length === 0 ? Buffer.from('{}') : rawBody
        return { body: await deps.getter.get(principal, params.id, { argumentsJson, request }) }
      },
    }),
  ]
}
