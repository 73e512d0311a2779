import type { Gateway } from '#/gateways/gateway.ts'
import { MASK } from '#/lib/mask.ts'
import { shownArguments } from '#/lib/shown-arguments.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import type { Prompt } from '#/prompts/prompt.ts'
import type { Resource } from '#/resources/resource.ts'
import type { Server } from '#/servers/server.ts'
import type { Tool } from '#/tools/tool.ts'
import { titled } from './auth-fields.ts'
import { cipherOf } from './cipher.ts'
import type { Entity, TransferDeps } from './transfer.ts'

/** How secrets are written: under the secret of whoever asks, or not at all. */
export interface Secrets {
  readonly opener: TransferDeps['opener']
  readonly secret: string | null
}

type Definition = Readonly<Record<string, unknown>>
const said = (definition: string): Definition => JSON.parse(definition) as Definition

function opened(id: string, credential: string, { opener }: Secrets): unknown {
  return JSON.parse(opener.open(`credential:${id}`, credential).toString('utf8'))
}

function authOf(type: string | null, headers: () => unknown, { secret }: Secrets): Entity {
  if (type === null) return {}
  const plain = secret === null ? null : titled(headers() as Record<string, string>)
  return { auth_type: type, auth_value: secret === null || plain === null ? null : cipherOf(plain, secret) }
}

export function toolEntity(tool: Tool, secrets: Secrets): Entity {
  const { backing, credential } = tool
  const { description, inputSchema, outputSchema, annotations } = said(tool.definition)
  const auth = (): unknown =>
    credential === null ? {} : (opened(tool.id, credential, secrets) as { auth: unknown }).auth
  return {
    id: tool.id,
    name: tool.originalName,
    displayName: tool.displayName,
    url: backing === null ? null : shownUrl(backing.url),
    integration_type: 'REST',
    request_type: backing?.method ?? null,
    description: description ?? null,
    original_description: description ?? null,
    headers: Object.fromEntries((backing?.headerNames ?? []).map((name) => [name, MASK])),
    input_schema: inputSchema ?? null,
    output_schema: outputSchema ?? null,
    annotations: annotations ?? {},
    jsonpath_filter: backing?.jsonpathFilter ?? '',
    tags: tool.tags,
    rate_limit: null,
    timeout: null,
    is_active: tool.enabled,
    created_at: tool.createdAt,
    updated_at: tool.updatedAt,
    ...authOf(backing?.authType ?? null, auth, secrets),
  }
}

export function gatewayEntity(gateway: Gateway, secrets: Secrets): Entity {
  const { credential, state } = gateway
  const auth = (): unknown => (credential === null ? {} : opened(gateway.id, credential, secrets))
  const url = gateway.url === null ? null : shownUrl(gateway.url)
  return {
    id: gateway.id,
    name: gateway.name,
    url,
    description: gateway.description,
    transport: gateway.stdio === null ? (gateway.transport ?? 'STREAMABLEHTTP') : 'STDIO',
    capabilities: state.capabilities === null ? {} : said(state.capabilities),
    health_check: { url: `${url ?? ''}/health`, interval: 30, timeout: 10, retries: 3 },
    is_active: gateway.enabled,
    tags: gateway.tags,
    passthrough_headers: gateway.passthroughHeaders,
    ...launchOf(gateway),
    ...authOf(gateway.authType, auth, secrets),
  }
}

/** A server that is started by a command: what starts it, without its environment, which is secret. */
function launchOf({ stdio }: Gateway): Entity {
  if (stdio === null) return {}
  const { command, args, cwd, sharing } = stdio
  return { command, args: shownArguments(args), cwd, sharing }
}

export function serverEntity(server: Server, refs: readonly string[]): Entity {
  return {
    name: server.name,
    description: server.description,
    tool_ids: refs,
    sse_endpoint: `/servers/${server.id}/sse`,
    websocket_endpoint: `/servers/${server.id}/ws`,
    jsonrpc_endpoint: `/servers/${server.id}/jsonrpc`,
    capabilities: { tools: {}, resources: {}, prompts: {} },
    is_active: server.enabled,
    tags: server.tags,
  }
}

interface Argument {
  readonly name: string
  readonly description?: string
  readonly required?: boolean
}

export function promptEntity(prompt: Prompt): Entity {
  const { description, arguments: given } = said(prompt.definition)
  const list = (given ?? []) as readonly Argument[]
  return {
    id: prompt.id,
    name: prompt.name,
    original_name: prompt.originalName,
    custom_name: prompt.customName,
    display_name: prompt.displayName,
    template: prompt.template,
    description: description ?? null,
    input_schema: {
      type: 'object',
      properties: Object.fromEntries(
        list.map(({ name, description: text = '' }) => [name, { type: 'string', description: text }]),
      ),
      required: list.filter(({ required }) => required === true).map(({ name }) => name),
    },
    tags: prompt.tags,
    is_active: prompt.enabled,
  }
}

export function resourceEntity(resource: Resource): Entity {
  return {
    id: resource.id,
    name: resource.name,
    uri: resource.uri,
    description: said(resource.definition)['description'] ?? null,
    mime_type: resource.mimeType,
    tags: resource.tags,
    is_active: resource.enabled,
    last_modified: resource.updatedAt,
  }
}
