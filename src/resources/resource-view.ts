import { Type } from '#/api/type.ts'
import type { ResourceId } from '#/access/ids.ts'
import { exactJson } from '#/lib/exact-json.ts'
import { auditFields } from '#/api/provenance.ts'
import { TagView } from '#/api/tags.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Resource } from './resource.ts'

interface Definition {
  readonly title?: unknown
  readonly description?: unknown
  readonly size?: unknown
  readonly annotations?: unknown
  readonly _meta?: unknown
}

/** A resource as clients see it: every field always there, in this order. */
export function resourceView(resource: Resource): Record<string, unknown> {
  const said = exactJson(resource.definition) as Definition
  return {
    id: resource.id,
    uri: resource.uri,
    name: resource.name,
    description: resource.customDescription ?? said.description ?? null,
    mimeType: resource.mimeType,
    gatewayId: resource.gatewayId,
    uriTemplate: resource.isTemplate ? resource.uri : null,
    size: said.size ?? null,
    createdAt: resource.createdAt,
    updatedAt: resource.updatedAt,
    enabled: resource.enabled,
    metrics: null,
    tags: resource.tags,
    extensionMetadata: null,
    ...auditFields({ ...resource, federationSource: resource.gatewayName }),
    teamId: resource.teamId,
    team: null,
    ownerEmail: resource.ownerEmail,
    visibility: resource.visibility,
    title: resource.customTitle ?? said.title ?? null,
    annotations: said.annotations ?? null,
    _meta: said._meta ?? null,
  }
}

/** A template in the list of its own. */
export function templateView(resource: Resource): Record<string, unknown> {
  const said = exactJson(resource.definition) as Definition
  return {
    id: resource.id,
    uriTemplate: resource.uri,
    name: resource.name,
    description: resource.customDescription ?? said.description ?? null,
    mimeType: resource.mimeType,
    annotations: said.annotations ?? null,
    _meta: said._meta ?? null,
  }
}

interface Content {
  readonly uri?: unknown
  readonly mimeType?: unknown
  readonly text?: unknown
  readonly blob?: unknown
}

/** The first content of a ReadResourceResult in the flat form that `GET /resources/{id}` answers. */
export function contentView(id: ResourceId, result: Buffer): Record<string, unknown> {
  const { contents } = JSON.parse(result.toString('utf8')) as { readonly contents?: readonly Content[] }
  const content = contents?.[0]
  if (content === undefined) throw new GatewayError('upstream_invalid', 'the server answered without a content')
  const { uri, mimeType, text, blob } = content
  return { type: 'resource', id, uri, mime_type: mimeType ?? null, text: text ?? null, blob: blob ?? null }
}

const Text = Type.Union([Type.String(), Type.Null()])

export const ResourceView = Type.Object(
  {
    id: Type.String(),
    uri: Type.String(),
    name: Type.String(),
    description: Text,
    mimeType: Text,
    gatewayId: Text,
    uriTemplate: Text,
    createdAt: Type.String({ format: 'date-time' }),
    updatedAt: Type.String({ format: 'date-time' }),
    enabled: Type.Boolean(),
    tags: Type.Array(TagView),
    version: Type.Integer(),
    ownerEmail: Text,
    visibility: Type.String(),
    title: Text,
  },
  { title: 'Resource' },
)

export const ContentView = Type.Object(
  { type: Type.Literal('resource'), id: Type.String(), uri: Type.String(), mime_type: Text, text: Text, blob: Text },
  { title: 'ResourceContent' },
)
