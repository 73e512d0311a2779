import { Type } from 'typebox'
import { exactJson } from '#/lib/exact-json.ts'
import { auditFields } from '#/api/provenance.ts'
import { TagView } from '#/api/tags.ts'
import { slugify } from '#/lib/slug.ts'
import type { Tool } from './tool.ts'

interface Definition {
  readonly title?: unknown
  readonly description?: unknown
  readonly inputSchema?: unknown
  readonly outputSchema?: unknown
  readonly annotations?: { readonly title?: unknown } | null
  readonly _meta?: unknown
}

/** A tool as clients see it: every field always there, in this order. */
export function toolView(tool: Tool): Record<string, unknown> {
  const said = exactJson(tool.definition) as Definition
  return {
    id: tool.id,
    originalName: tool.originalName,
    url: tool.gatewayUrl,
    description: tool.customDescription ?? said.description ?? null,
    originalDescription: said.description ?? null,
    title: tool.customTitle ?? said.title ?? said.annotations?.title ?? null,
    requestType: 'STREAMABLEHTTP',
    integrationType: 'MCP',
    headers: null,
    inputSchema: said.inputSchema ?? { type: 'object', properties: {} },
    outputSchema: said.outputSchema ?? null,
    annotations: said.annotations ?? {},
    extensionMetadata: null,
    jsonpathFilter: '',
    auth: null,
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
    gatewaySlug: tool.gatewaySlug,
    customName: tool.customName,
    customNameSlug: slugify(tool.customName),
    tags: tool.tags,
    ...auditFields({ ...tool, federationSource: tool.gatewayName }),
    teamId: tool.teamId,
    team: null,
    ownerEmail: tool.ownerEmail,
    visibility: tool.visibility,
    baseUrl: null,
    pathTemplate: null,
    queryMapping: null,
    headerMapping: null,
    timeoutMs: null,
    exposePassthrough: true,
    allowlist: null,
    pluginChainPre: null,
    pluginChainPost: null,
    _meta: said._meta ?? null,
  }
}

const Text = Type.Union([Type.String(), Type.Null()])

export const ToolView = Type.Object(
  {
    id: Type.String(),
    originalName: Type.String(),
    url: Type.Union([Type.String(), Type.Null()]),
    description: Text,
    originalDescription: Text,
    title: Text,
    integrationType: Type.String(),
    inputSchema: Type.Unknown(),
    outputSchema: Type.Unknown(),
    annotations: Type.Unknown(),
    createdAt: Type.String({ format: 'date-time' }),
    updatedAt: Type.String({ format: 'date-time' }),
    enabled: Type.Boolean(),
    deprecated: Type.Boolean(),
    reachable: Type.Boolean(),
    gatewayId: Type.String(),
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
