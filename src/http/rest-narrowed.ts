import { allowAny } from '#/access/allow.ts'
import type { Principal } from '#/access/principal.ts'
import type { Endpoint } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

/** Whether this principal may come to this path at all; what is behind it decides for itself. */
export function requireRoute(principal: Principal, endpoint: Endpoint, params: unknown): void {
  if (endpoint.permission !== 'public') allowAny(principal, endpoint.permission)
  narrowedToServer(principal, endpoint, params)
}

/** A token narrowed to one virtual server reaches that server's own paths and nothing else; one for a gateway's endpoint, that alone. */
function narrowedToServer(principal: Principal, endpoint: Endpoint, params: unknown): void {
  if (principal.gatewayId !== null)
    throw new GatewayError('forbidden', "this token is for one gateway's MCP endpoint, and this path lies outside it")
  if (principal.serverId === null) return
  const path = endpoint.route.slice(endpoint.route.indexOf(' ') + 1)
  const id: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, 'id') : undefined
  if (path.startsWith('/servers/{id}') && id === principal.serverId) return
  throw new GatewayError('forbidden', 'this token is narrowed to one virtual server, and this path lies outside it')
}
