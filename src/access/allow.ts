import { GatewayError } from '#/errors/gateway-error.ts'
import { SERVER_PERMISSIONS, type Permission } from './permissions.ts'
import type { Owned, Principal } from './principal.ts'

declare const proof: unique symbol

/** Proof that `allow` said yes. No other file can make one. */
export interface Grant<P extends Permission, T> {
  readonly [proof]: P
  readonly principal: Principal
  readonly target: T
  /** The rule that decided, for records and explanations. */
  readonly rule: string
}

/** The rule that lets `principal` use `permission` on `thing`, or null. A pure function; null thing: the permission in general. */
export function can(principal: Principal, permission: Permission, thing: Owned | null): string | null {
  if (principal.permissions !== null && !principal.permissions.has(permission)) return null
  if (principal.serverId !== null && !SERVER_PERMISSIONS.has(permission)) return null
  if (thing !== null && !principal.visibilityClass.sees(thing)) return null
  if (principal.isAdmin) return isNarrowed(principal) ? 'admin, narrowed token' : 'admin'
  return null
}

function isNarrowed({ permissions, serverId }: Principal): boolean {
  return permissions !== null || serverId !== null
}

/** A permission on a thing that exists. What cannot be seen is absent; what can be seen but not done is forbidden. */
export function allow<P extends Permission, T extends Owned>(
  principal: Principal,
  permission: P,
  target: T,
): Grant<P, T> {
  if (!principal.visibilityClass.sees(target))
    throw new GatewayError('not_found', 'no such thing, or it is not visible to you')
  const rule = can(principal, permission, target)
  if (rule === null)
    throw new GatewayError('forbidden', `this needs the permission ${permission}, which your token does not hold`)
  return { principal, target, rule } as Grant<P, T>
}

/** A permission without a target: create, list, administer. */
export function allowAny<P extends Permission>(principal: Principal, permission: P): Grant<P, null> {
  const rule = can(principal, permission, null)
  if (rule === null)
    throw new GatewayError('forbidden', `this needs the permission ${permission}, which your token does not hold`)
  return { principal, target: null, rule } as Grant<P, null>
}
