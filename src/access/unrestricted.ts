import { GatewayError } from '#/errors/gateway-error.ts'
import type { Principal } from './principal.ts'

/** An administrator whose token narrows nothing: for what concerns the gateway as a whole. */
export function requireUnrestricted({ isAdmin, permissions, serverId }: Principal): void {
  if (!isAdmin || permissions !== null || serverId !== null)
    throw new GatewayError('forbidden', 'this is for administrators, with a token that is not narrowed')
}
