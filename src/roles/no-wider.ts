import { decide, holdsInPlatform } from '#/access/decide.ts'
import type { TeamId } from '#/access/ids.ts'
import { PERMISSIONS, PLATFORM_PERMISSIONS, type Permission } from '#/access/permissions.ts'
import type { Principal } from '#/access/principal.ts'
import type { RoleScope } from '#/access/roles.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

/** Nobody makes, changes, gives or takes a role that permits more than they may themselves where it is held. */
export function requireNoWider(principal: Principal, permissions: Iterable<Permission>, teamId: TeamId | null): void {
  const thing = { ownerId: null, teamId, visibility: 'team' } as const
  for (const permission of permissions) {
    const holds =
      holdsInPlatform(principal, permission) || (teamId !== null && decide(principal, permission, thing).may)
    if (!holds)
      throw new GatewayError('forbidden', `the role permits ${permission}, which you do not hold there yourself`, {
        field: 'permissions',
      })
  }
}

/** Names as clients write them. What the role's scope cannot hold is refused rather than dropped. */
export function permissionsIn(names: readonly string[], scope: RoleScope): readonly Permission[] {
  const known = new Set<Permission>()
  for (const name of names) {
    const permission = PERMISSIONS.find((each) => each === name)
    if (permission === undefined)
      throw invalid(`there is no permission '${name.slice(0, 64)}'; there are ${PERMISSIONS.join(', ')}`)
    if (scope === 'team' && PLATFORM_PERMISSIONS.has(permission))
      throw invalid(`${permission} concerns the platform as a whole: no role in a team holds it`)
    known.add(permission)
  }
  return [...known]
}

function invalid(why: string): GatewayError {
  return new GatewayError('invalid_field', `permissions: ${why}`, { field: 'permissions' })
}
