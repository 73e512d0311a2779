import { Type } from '#/api/type.ts'
import { auditFields } from '#/api/provenance.ts'
import { TagView } from '#/api/tags.ts'
import { exactJson } from '#/lib/exact-json.ts'
import { MASK } from '#/lib/mask.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import { slugify } from '#/lib/slug.ts'
import type { Tool, ToolBacking } from './tool.ts'
import type { ToolDefinition } from './tool-definition.ts'

/** A tool as clients see it: every field always there, in this order. */
export function toolView(tool: Tool): Record<string, unknown> {
  const said = exactJson(tool.definition) as ToolDefinition
  const { backing } = tool
  return {
    id: tool.id,
    originalName: tool.originalName,
    url: shown(backing?.url ?? tool.gatewayUrl),
    description: tool.customDescription ?? said.description ?? null,
    originalDescription: said.description ?? null,
    title: tool.customTitle ?? said.title ?? said.annotations?.title ?? null,
    requestType: backing?.method ?? tool.transport ?? 'STREAMABLEHTTP',
    integrationType: backing === null ? 'MCP' : 'REST',
    headers: backing === null ? null : Object.fromEntries(backing.headerNames.map((name) => [name, MASK])),
    inputSchema: said.inputSchema ?? { type: 'object', properties: {} },
    outputSchema: said.outputSchema ?? null,
    annotations: said.annotations ?? {},
    extensionMetadata: backing?.extensionMetadata ?? null,
    jsonpathFilter: backing?.jsonpathFilter ?? '',
    auth: authOf(backing),
    createdAt: tool.createdAt,
    updatedAt: tool.updatedAt,
    enabled: tool.enabled,
    deprecated: tool.deprecated,
    reachable: tool.reachable,
    gatewayId: tool.gatewayId,
    grpcServiceId: null,
    executionCount: null,
    metrics: null,
    name: tool.name,
    displayName: tool.displayName,
    gatewaySlug: tool.gatewaySlug ?? '',
    customName: tool.customName,
    customNameSlug: slugify(tool.customName),
    tags: tool.tags,
    ...auditFields({ ...tool, federationSource: tool.gatewayName }),
    teamId: tool.teamId,
    team: null,
    ownerEmail: tool.ownerEmail,
    visibility: tool.visibility,
    baseUrl: backing?.baseUrl ?? null,
    pathTemplate: backing?.pathTemplate ?? null,
    queryMapping: backing?.queryMapping ?? null,
    headerMapping: backing?.headerMapping ?? null,
    timeoutMs: backing?.timeoutMs ?? null,
    exposePassthrough: backing?.exposePassthrough ?? true,
    allowlist: backing?.allowlist ?? null,
    pluginChainPre: null,
    pluginChainPost: null,
    _meta: said._meta ?? null,
  }
}

const shown = (url: string | null): string | null => (url === null ? null : shownUrl(url))

function authOf(backing: ToolBacking | null): Record<string, unknown> | null {
  if (backing === null || backing.authType === null) return null
  const { authType, authHint } = backing
  const names = authHint?.headers ?? []
  const ofType = (type: string): string | null => (authType === type ? MASK : null)
  return {
    authType,
    authValue: null,
    username: authHint?.username ?? null,
    password: ofType('basic'),
    token: ofType('bearer'),
    authHeaderKey: authType === 'authheaders' ? (names[0] ?? null) : null,
    authHeaderValue: ofType('authheaders'),
    authHeaders: authType === 'authheaders' ? names.map((key) => ({ key, value: MASK })) : null,
  }
}

const Text = Type.Union([Type.String(), Type.Null()])

export const ToolView = Type.Object(
  {
    id: Type.String(),
    originalName: Type.String(),
    url: Text,
    description: Text,
    originalDescription: Text,
    title: Text,
    requestType: Type.String({ description: 'How it is called: the transport of MCP, or a method of HTTP' }),
    integrationType: Type.String({ description: 'MCP, or REST for what is declared here' }),
    inputSchema: Type.Unknown(),
    outputSchema: Type.Unknown(),
    annotations: Type.Unknown(),
    createdAt: Type.String({ format: 'date-time' }),
    updatedAt: Type.String({ format: 'date-time' }),
    enabled: Type.Boolean(),
    deprecated: Type.Boolean(),
    reachable: Type.Boolean(),
    gatewayId: Text,
    name: Type.String({ description: 'What clients of the aggregate call it' }),
    displayName: Text,
    gatewaySlug: Type.String(),
    customName: Type.String(),
    tags: Type.Array(TagView),
    version: Type.Integer(),
    ownerEmail: Text,
    visibility: Type.String(),
  },
  { title: 'Tool' },
)
