import { ServerId } from '#/access/ids.ts'
import { widening, type Rights, type Way } from '#/access/narrowing.ts'
import { impliesUse, permissionsNamed } from '#/access/permission-names.ts'
import { PERMISSIONS, type Permission } from '#/access/permissions.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { limitsIn } from './limits-input.ts'
import type { Scope } from './token-input.ts'

/** The virtual server that a scope names. */
export function serverIdIn(scope: Scope | null | undefined): ServerId | null {
  const id = scope?.server_id ?? null
  if (id === null) return null
  const hex = id.toLowerCase().replaceAll('-', '')
  if (!ServerId.is(hex)) throw serverUnknown()
  return hex
}

/** What is not said stays as `base` has it. */
export function narrowed(base: Rights, scope: Scope | null | undefined): Rights {
  const named = scope?.permissions ?? null
  return {
    ...base,
    permissions: named === null ? base.permissions : expanded(named, base.permissions),
    serverId: serverIdIn(scope) ?? base.serverId,
    limits: limitsIn(base.limits, scope),
  }
}

/** Names as clients write them: single permissions, `tools.*`, `*`. Who may use what a server offers may use the server. */
function expanded(names: readonly string[], base: Rights['permissions']): Rights['permissions'] {
  if (names.length === 0) throw new GatewayError('invalid_field', NAMES_NOTHING, { field: 'scope.permissions' })
  if (names.includes('*')) return base
  const permissions = new Set<Permission>()
  for (const name of names) {
    const meant = permissionsNamed(name)
    if (meant.length === 0) throw unknownPermission(name)
    for (const permission of meant) permissions.add(permission)
  }
  if (impliesUse(permissions) && (base === null || base.has('servers.use'))) permissions.add('servers.use')
  return permissions
}

/** A list of nothing could be meant for nothing or for no narrowing: whoever writes it says which. */
export const NAMES_NOTHING =
  "an empty list would make a token that may do nothing: leave it out for all that the token's user may, or name at least one permission, such as tools.read"

function unknownPermission(name: string): GatewayError {
  const message = `there is no permission '${name.slice(0, 64)}'; there are ${PERMISSIONS.join(', ')}`
  return new GatewayError('invalid_field', message, { field: 'scope.permissions' })
}

export function serverUnknown(): GatewayError {
  return new GatewayError('invalid_field', 'there is no such virtual server', { field: 'scope.server_id' })
}

const FIELDS = {
  permissions: 'scope.permissions',
  serverId: 'scope.server_id',
  teamId: 'team_id',
  expiresAt: 'expires_in_days',
  from: 'scope.ip_restrictions',
  hours: 'scope.time_restrictions',
  usage: 'scope.usage_limits',
} as const satisfies Record<Way, string>

/** Refuses rights that go further than those of `whose` token. */
export function refuseWider(held: Rights, wanted: Rights, whose: string): void {
  const wider = widening(held, wanted)
  if (wider === null) return
  const message = `a token goes no further than ${whose}: ${FIELDS[wider]} would`
  throw new GatewayError('forbidden', message, { field: FIELDS[wider] })
}
