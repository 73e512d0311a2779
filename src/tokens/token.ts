import type { ServerId, TeamId, TokenId, UserId } from '#/access/ids.ts'
import type { Rights } from '#/access/narrowing.ts'
import type { Permission } from '#/access/permissions.ts'
import type { Owned } from '#/access/principal.ts'
import type { TokenLimits } from '#/access/token-limits.ts'
import type { Tag } from '#/api/tags.ts'

/** An API token as it is kept: everything but the token itself. Times are ISO 8601 with microseconds. */
export interface Token {
  readonly id: TokenId
  readonly userId: UserId
  readonly userEmail: string
  readonly teamId: TeamId | null
  readonly name: string
  readonly description: string | null
  /** Its first characters. */
  readonly hint: string
  /** null: all that the user may. */
  readonly permissions: readonly Permission[] | null
  /** Narrowed to one virtual server, or null. */
  readonly serverId: ServerId | null
  readonly limits: TokenLimits | null
  /** It came from a sign-in and stands for whoever did that. */
  readonly isSession: boolean
  readonly tags: readonly Tag[]
  readonly version: number
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly lastUsedAt: string | null
  readonly isActive: boolean
  readonly revokedAt: string | null
  readonly revokedBy: string | null
  readonly revocationReason: string | null
}

/** How far a token goes. What a user makes while it is signed in may outlive its session. */
export function rightsOf({ permissions, serverId, teamId, expiresAt, limits, isSession }: Token): Rights {
  return {
    permissions: permissions === null ? null : new Set(permissions),
    serverId,
    teamId,
    expiresAt: expiresAt === null || isSession ? null : Date.parse(expiresAt),
    limits,
  }
}

/** A token is its user's private thing. */
export function ownedToken<T extends Token>(token: T): T & Owned {
  return { ...token, ownerId: token.userId, visibility: 'private' }
}
