import type { Principal } from './principal.ts'

/** Through which door: one of the MCP selections, or the REST API, which is about everything. */
export type ScopeKind = 'all' | 'server' | 'gateway' | 'rest'

/** A token narrowed to a virtual server or a gateway reaches what that one offers, through its own door and no other. */
export function scopeAllowed(
  { serverId, gatewayId }: Pick<Principal, 'serverId' | 'gatewayId'>,
  kind: ScopeKind,
  id: string | null,
): boolean {
  if (serverId !== null && (kind !== 'server' || id !== serverId)) return false
  return gatewayId === null || (kind === 'gateway' && id === gatewayId)
}
