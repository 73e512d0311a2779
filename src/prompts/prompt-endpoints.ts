import { Type, type Static } from 'typebox'
import { allow } from '#/access/allow.ts'
import { PromptId, ServerId } from '#/access/ids.ts'
import type { Permission } from '#/access/permissions.ts'
import type { Principal } from '#/access/principal.ts'
import { actorOf, type Changed } from '#/api/actor.ts'
import { etagOf, preconditionFailed } from '#/api/conditional.ts'
import { endpoint, type Endpoint, type Reply } from '#/api/endpoint.ts'
import { Deleted, itemFilter, ItemQuery, ItemUpdateFields, StateQuery, seesServer } from '#/api/items.ts'
import { pageReply, pageRequest } from '#/api/paging.ts'
import { IdParams, idOf } from '#/api/params.ts'
import { tagsOf } from '#/api/tags.ts'
import { assignNames } from '#/catalog/names.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Prompt, PromptChange, PromptDeps } from './prompt.ts'
import { PromptView, promptView } from './prompt-view.ts'

const tag = 'prompts'
const idIn = (params: { readonly id: string }): PromptId => idOf(PromptId, params.id, 'Prompt')
const withTag = (prompt: Prompt): Reply => ({ headers: { etag: etagOf(prompt.version) }, body: promptView(prompt) })

const PromptResult = Type.Object(
  { description: Type.Optional(Type.String()), messages: Type.Array(Type.Unknown()) },
  { title: 'GetPromptResult' },
)

const PromptUpdate = Type.Object({
  customName: Type.Optional(
    Type.String({ minLength: 1, maxLength: 255, description: "Changes the prompt's computed name" }),
  ),
  displayName: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
  ...ItemUpdateFields,
})

/** Every route of /prompts. */
export function promptEndpoints(deps: PromptDeps): readonly Endpoint[] {
  return [...reading(deps), ...writing(deps), ...getting(deps)]
}

function reading(deps: PromptDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /prompts',
      permission: 'prompts.read',
      tag,
      summary: 'List prompts, newest first',
      query: ItemQuery,
      reply: Type.Array(PromptView),
      handle: async ({ query, principal }) => {
        const { rows, next } = await deps.store.page(pageRequest(query, principal), itemFilter(query))
        const seen = rows.filter((prompt) => principal.visibilityClass.sees(prompt)).map(promptView)
        return pageReply({ plural: 'prompts', page: { rows: seen, next }, query, principal })
      },
    }),
    endpoint({
      route: 'GET /servers/{id}/prompts',
      permission: 'servers.read',
      tag: 'servers',
      summary: 'List what a virtual server offers: prompts',
      params: IdParams,
      query: ItemQuery,
      reply: Type.Array(PromptView),
      handle: async ({ params, query, principal }) => {
        const id = idOf(ServerId, params.id, 'Server')
        if (!(await seesServer(deps.store, id, principal)))
          return pageReply({ plural: 'prompts', page: { rows: [], next: null }, query, principal })
        const whole = { ...query, limit: query.limit ?? 0 }
        const { rows, next } = await deps.store.page(pageRequest(whole, principal), itemFilter(query, id))
        const seen = rows.filter((prompt) => principal.visibilityClass.sees(prompt)).map(promptView)
        return pageReply({ plural: 'prompts', page: { rows: seen, next }, query, principal })
      },
    }),
    endpoint({
      route: 'GET /prompts/{id}/info',
      permission: 'prompts.read',
      tag,
      summary: 'Read what is stored of a prompt',
      params: IdParams,
      reply: PromptView,
      handle: async ({ params, principal }) =>
        withTag(await promptFor(deps, idIn(params), [principal, 'prompts.read'])),
    }),
  ]
}

function writing(deps: PromptDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'PUT /prompts/{id}',
      permission: 'prompts.update',
      tag,
      summary: 'Change what is said of a prompt',
      description: 'Only what is given changes; null gives back what the server says. `name` follows from customName.',
      params: IdParams,
      body: PromptUpdate,
      reply: PromptView,
      handle: async ({ params, body, principal, ifMatch, request }) => {
        const prompt = await promptFor(deps, idIn(params), [principal, 'prompts.update'])
        const to = { ifMatch, actor: actorOf(principal, request) }
        return withTag(
          await settled(deps, prompt.id, await named(deps.store.update(prompt.id, changeOf(prompt, body), to))),
        )
      },
    }),
    endpoint({
      route: 'DELETE /prompts/{id}',
      permission: 'prompts.delete',
      tag,
      summary: 'Delete a prompt',
      description: 'It comes back with the next discovery while its server offers it; switch it off to keep it away.',
      params: IdParams,
      reply: Deleted,
      handle: async ({ params, principal, ifMatch, request }) => {
        const { id } = await promptFor(deps, idIn(params), [principal, 'prompts.delete'])
        const changed = await deps.store.remove(id, { ifMatch, actor: actorOf(principal, request) })
        if (changed === undefined) await settled(deps, id, changed)
        else await deps.settled(changed.seq)
        return { body: { status: 'success', message: `Prompt ${id} deleted` } }
      },
    }),
    endpoint({
      route: 'POST /prompts/{id}/state',
      permission: 'prompts.update',
      tag,
      summary: 'Switch a prompt on or off',
      params: IdParams,
      query: StateQuery,
      reply: Type.Object({ status: Type.String(), message: Type.String(), prompt: Type.Unknown() }),
      handle: async ({ params, query, principal, ifMatch, request }) => {
        const { id } = await promptFor(deps, idIn(params), [principal, 'prompts.update'])
        const enabled = query.activate ?? true
        const to = { ifMatch, actor: actorOf(principal, request) }
        const prompt = await settled(deps, id, await deps.store.update(id, { enabled }, to))
        const message = `Prompt ${id} ${enabled ? 'activated' : 'deactivated'}`
        return { ...withTag(prompt), body: { status: 'success', message, prompt: promptView(prompt) } }
      },
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
        body: await deps.getter.get(principal, params.id, { argumentsJson: Buffer.from('{}'), request }),
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

async function promptFor(
  deps: PromptDeps,
  id: PromptId,
  [principal, permission]: [Principal, Permission],
): Promise<Prompt> {
  const prompt = await deps.store.byId(id)
  if (prompt === undefined || !principal.visibilityClass.sees(prompt))
    throw new GatewayError('not_found', `Prompt not found: ${id}`)
  return allow(principal, permission, prompt).target
}

function changeOf(prompt: Prompt, body: Static<typeof PromptUpdate>): PromptChange {
  const { customName, displayName, title, description, tags, visibility } = body
  const renamed = customName !== undefined && customName !== prompt.customName
  const [name = prompt.name] = assignNames(
    [{ gatewayName: prompt.gatewaySlug, customName: customName ?? '' }],
    new Set(),
  )
  return {
    ...(renamed ? { customName, name } : {}),
    ...(displayName === undefined ? {} : { displayName }),
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
    if (error instanceof GatewayError && error.data?.['constraint'] === 'prompts_name')
      throw new GatewayError('conflict', 'Prompt name already exists', { cause: error, field: 'customName' })
    throw error
  }
}

async function settled(deps: PromptDeps, id: PromptId, changed: Changed | undefined): Promise<Prompt> {
  if (changed !== undefined) await deps.settled(changed.seq)
  const prompt = await deps.store.byId(id)
  if (prompt === undefined) throw new GatewayError('not_found', `Prompt not found: ${id}`)
  if (changed === undefined) throw preconditionFailed('the prompt', prompt.version, promptView(prompt))
  return prompt
}
