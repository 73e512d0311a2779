import { Type } from '#/api/type.ts'
import { GatewayId, ServerId } from '#/access/ids.ts'
import { SERVER_PERMISSIONS } from '#/access/permissions.ts'
import { publicEndpoint, type Endpoint, type Reply } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Scope } from '#/catalog/snapshot.ts'

/** Where clients of the MCP endpoints get tokens; null: nowhere but here. */
export type ResourceServer = { readonly issuer: string; readonly publicUrl: string } | null

const STEM = '/.well-known/oauth-protected-resource'

const Metadata = Type.Object({
  resource: Type.String(),
  authorization_servers: Type.Array(Type.String()),
  bearer_methods_supported: Type.Array(Type.String()),
  scopes_supported: Type.Array(Type.String()),
  resource_name: Type.String(),
})

const Thing = { params: Type.Object({ id: Type.String() }) }
const IDS = { servers: ServerId, gateways: GatewayId } as const
type Noun = keyof typeof IDS

/** OAuth 2.0 Protected Resource Metadata (RFC 9728), one document for each MCP endpoint. It says nothing of whether there is one. */
export function wellKnownEndpoints(server: ResourceServer): readonly Endpoint[] {
  const base = { rootOnly: true, tag: 'documents', reply: Metadata } as const
  return [
    publicEndpoint({
      ...base,
      route: `GET ${STEM}/mcp`,
      summary: 'Where tokens for /mcp come from',
      handle: async () => described(server, '/mcp'),
    }),
    publicEndpoint({
      ...base,
      ...Thing,
      route: `GET ${STEM}/servers/{id}/mcp`,
      summary: 'Where tokens for a virtual server come from',
      handle: async ({ params }) => described(server, pathOf('servers', params)),
    }),
    publicEndpoint({
      ...base,
      ...Thing,
      route: `GET ${STEM}/gateways/{id}/mcp`,
      summary: 'Where tokens for the MCP endpoint of a gateway come from',
      handle: async ({ params }) => described(server, pathOf('gateways', params)),
    }),
    publicEndpoint({
      ...base,
      ...Thing,
      route: 'GET /servers/{id}/.well-known/oauth-protected-resource',
      summary: 'Leads to where it is said where tokens for a virtual server come from',
      reply: Type.Null(),
      status: 301,
      handle: async ({ params }) => ({ headers: { location: STEM + pathOf('servers', params) }, body: undefined }),
    }),
  ]
}

/** The path of an endpoint that there may be. */
function pathOf(noun: Noun, params: unknown): string {
  const { id } = params as { readonly id: string }
  if (!IDS[noun].is(id)) throw new GatewayError('not_found', 'an id is 32 lower-case hexadecimal digits')
  return `/${noun}/${id}/mcp`
}

function described(server: ResourceServer, path: string): Reply {
  if (server === null)
    throw new GatewayError('not_found', 'OAuth is not offered here: set JWT_ISSUER and CAUSEWAY_PUBLIC_URL')
  return { headers: { 'cache-control': 'public, max-age=300' }, body: metadata(server, path) }
}

function metadata({ issuer, publicUrl }: NonNullable<ResourceServer>, path: string): Record<string, unknown> {
  return {
    resource: publicUrl + path,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    scopes_supported: [...SERVER_PERMISSIONS],
    resource_name: 'Causeway',
  }
}

/** What a refusal at an MCP endpoint says of where to get a token (RFC 9728, 5.1). */
export function challengeOf(server: ResourceServer, scope: Scope): string {
  if (server === null) return ''
  const path = scope.kind === 'all' ? '/mcp' : `/${scope.kind}s/${scope.id}/mcp`
  return `resource_metadata="${server.publicUrl}${STEM}${path}"`
}

/** null: it is not offered. An authorization server is known by a URL, and a resource by ours. */
export function resourceServer(issuer: string | null, publicUrl: string | null): ResourceServer {
  if (issuer === null || publicUrl === null || !/^https?:\/\//.test(issuer)) return null
  return { issuer, publicUrl }
}
