import { PLATFORM_PERMISSIONS, SERVER_PERMISSIONS, USE_PERMISSIONS, type Permission } from './permissions.ts'
import type { HeldRoles, Owned, Principal } from './principal.ts'
import type { Held } from './standing.ts'

/** Why not: what is not seen is absent, three ways in which a token is too narrow, and no role that covers it. */
export type Refusal = 'unseen' | 'token_permission' | 'token_server' | 'token_team' | 'no_role'

export type Decision = { readonly may: true; readonly rule: string } | { readonly may: false; readonly why: Refusal }

/**
 * Whether `principal` may use `permission` on `thing`, and which rule says so. Pure, and the only place that decides. null thing: the
 * permission in general, wherever it is held.
 */
export function decide(principal: Principal, permission: Permission, thing: Owned | null): Decision {
  if (thing !== null && !principal.visibilityClass.sees(thing)) return NO.unseen
  const { permissions, serverId, teamId, roles } = principal
  if (permissions !== null && !permissions.has(permission)) return NO.token_permission
  if (serverId !== null && !SERVER_PERMISSIONS.has(permission)) return NO.token_server
  const ofPlatform = PLATFORM_PERMISSIONS.has(permission)
  if (teamId !== null && ofPlatform) return NO.token_team
  const role =
    first(roles.platform, permission) ??
    (ofPlatform ? undefined : thing === null ? anywhere(roles, permission) : covering(roles, permission, thing))
  if (role === undefined) return NO.no_role
  const isNarrowed = permissions !== null || serverId !== null || teamId !== null
  return { may: true, rule: isNarrowed ? `${role.rule}, narrowed token` : role.rule }
}

const NO = {
  unseen: { may: false, why: 'unseen' },
  token_permission: { may: false, why: 'token_permission' },
  token_server: { may: false, why: 'token_server' },
  token_team: { may: false, why: 'token_team' },
  no_role: { may: false, why: 'no_role' },
} as const satisfies { readonly [R in Refusal]: { readonly may: false; readonly why: R } }

function first(held: readonly Held[] | undefined, permission: Permission): Held | undefined {
  return held?.find(({ role }) => role.permissions.has(permission))
}

/** A role in the thing's own team; what is public is used under whichever. */
function covering(roles: HeldRoles, permission: Permission, thing: Owned): Held | undefined {
  const ofTeam = thing.teamId === null ? undefined : first(roles.byTeam.get(thing.teamId), permission)
  if (ofTeam !== undefined || thing.visibility !== 'public' || !USE_PERMISSIONS.has(permission)) return ofTeam
  return anywhere(roles, permission)
}

function anywhere({ byTeam }: HeldRoles, permission: Permission): Held | undefined {
  for (const held of byTeam.values()) {
    const found = first(held, permission)
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether the permission is held in the platform, and so on everything that is seen. */
export function holdsInPlatform(principal: Principal, permission: Permission): boolean {
  return decide(principal, permission, null).may && first(principal.roles.platform, permission) !== undefined
}
