import { Type } from 'typebox'
import { ServerId } from '#/access/ids.ts'
import { SERVER_PERMISSIONS } from '#/access/permissions.ts'
import { publicEndpoint, type Endpoint } from '#/api/endpoint.ts'
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

/** OAuth 2.0 Protected Resource Metadata (RFC 9728), one document for each MCP endpoint. It says nothing of whether there is one. */
export function wellKnownEndpoints(server: ResourceServer): readonly Endpoint[] {
  const at = (route: `GET ${string}`, summary: string): Endpoint =>
    publicEndpoint({
      route: route as 'GET /',
      rootOnly: true,
      tag: 'documents',
      summary,
      ...(route.includes('{id}') && { params: Type.Object({ id: Type.String() }) }),
      reply: Metadata,
      handle: async ({ params }) => {
        const { id } = params as { readonly id?: string }
        if (server === null || (id !== undefined && !ServerId.is(id)))
          throw new GatewayError('not_found', 'OAuth is not offered here: set JWT_ISSUER and CAUSEWAY_PUBLIC_URL')
        const path = id === undefined ? '/mcp' : `/servers/${id}/mcp`
        return { headers: { 'cache-control': 'public, max-age=300' }, body: metadata(server, path) }
      },
    })
  return [
    at(`GET ${STEM}/mcp`, 'Where tokens for /mcp come from'),
    at(`GET ${STEM}/servers/{id}/mcp`, 'Where tokens for a virtual server come from'),
  ]
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
  if (server === null || scope.kind === 'gateway') return ''
  const path = scope.kind === 'all' ? '/mcp' : `/servers/${scope.id}/mcp`
  return `resource_metadata="${server.publicUrl}${STEM}${path}"`
}

/** null: it is not offered. An authorization server is known by a URL, and a resource by ours. */
export function resourceServer(issuer: string | null, publicUrl: string | null): ResourceServer {
  if (issuer === null || publicUrl === null || !/^https?:\/\//.test(issuer)) return null
  return { issuer, publicUrl }
}
