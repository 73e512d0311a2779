import { GatewayError } from '#/errors/gateway-error.ts'
import type { Principal } from './principal.ts'

/** Through which door: one of the MCP selections, or the REST API, which is about everything. */
export type ScopeKind = 'all' | 'server' | 'gateway' | 'rest'

/** A token narrowed to a virtual server reaches what that server offers, through that server's own door and no other. */
export function scopeAllowed(principal: Principal, kind: ScopeKind, id: string | null): boolean {
  return principal.serverId === null || (kind === 'server' && id === principal.serverId)
}

/** Another virtual server does not exist for such a token; the other doors do, and say which one is meant. */
export function requireScope(principal: Principal, kind: ScopeKind, id: string | null): void {
  if (scopeAllowed(principal, kind, id)) return
  if (kind === 'server') throw new GatewayError('endpoint_not_found', 'Server not found')
  const message = `this token is narrowed to one virtual server: use /servers/${principal.serverId}/mcp`
  throw new GatewayError('forbidden', message)
}
