import type { ServerId, TeamId } from './ids.ts'
import type { Permission } from './permissions.ts'
import { wideningOfLimits, type TokenLimits } from './token-limits.ts'

/** How far a token may go. A token can only narrow: null is all that its user may, without a limit in time. */
export interface Rights {
  readonly permissions: ReadonlySet<Permission> | null
  readonly serverId: ServerId | null
  readonly teamId: TeamId | null
  /** ms since the epoch. */
  readonly expiresAt: number | null
  readonly limits: TokenLimits | null
}

/** Each way in which one may go further than another. */
export type Way = Exclude<keyof Rights, 'limits'> | keyof TokenLimits

/** The first way in which `wanted` goes further than `held`, or null: it is as narrow or narrower. */
export function widening(held: Rights, wanted: Rights): Way | null {
  if (held.permissions !== null) {
    if (wanted.permissions === null) return 'permissions'
    for (const permission of wanted.permissions) if (!held.permissions.has(permission)) return 'permissions'
  }
  if (held.serverId !== null && wanted.serverId !== held.serverId) return 'serverId'
  if (held.teamId !== null && wanted.teamId !== held.teamId) return 'teamId'
  if (held.expiresAt !== null && (wanted.expiresAt === null || wanted.expiresAt > held.expiresAt)) return 'expiresAt'
  return wideningOfLimits(held.limits, wanted.limits)
}
