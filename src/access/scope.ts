import type { Principal } from './principal.ts'

/** Through which door: one of the MCP selections, or the REST API, which is about everything. */
export type ScopeKind = 'all' | 'server' | 'gateway' | 'rest'

/** A token narrowed to a virtual server reaches what that server offers, through that server's own door and no other. */
export function scopeAllowed(principal: Principal, kind: ScopeKind, id: string | null): boolean {
  return principal.serverId === null || (kind === 'server' && id === principal.serverId)
}
