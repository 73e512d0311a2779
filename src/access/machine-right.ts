import { GatewayError } from '#/errors/gateway-error.ts'
import type { Principal } from './principal.ts'

/**
 * Running a command is a right on the gateway's machine, beyond anything that permissions speak of: what it starts may read what the
 * gateway may read. Only an administrator has it, and no token that was narrowed in any way.
 */
export function requireMachineRight({ isAdmin, permissions, serverId }: Principal): void {
  if (isAdmin && permissions === null && serverId === null) return
  const message = "running a command on the gateway's machine needs an administrator's token that is not narrowed"
  throw new GatewayError('forbidden', message)
}
