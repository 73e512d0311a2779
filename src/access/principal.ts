import type { ServerId, TeamId, TokenId, UserId } from './ids.ts'
import type { Permission } from './permissions.ts'

export type Visibility = 'private' | 'team' | 'public'

/** Whose a thing is and who may see it. Every row, key and cache carries it. */
export interface Owned {
  readonly ownerId: UserId | null
  readonly teamId: TeamId | null
  readonly visibility: Visibility
}

/** Whoever is calling, as found in the current snapshot. Made by `access/` only; never cached with a token. */
export interface Principal {
  readonly userId: UserId
  readonly email: string
  readonly isAdmin: boolean
  readonly tokenId: TokenId
  /** null: all that the user may. A token can only narrow. */
  readonly permissions: ReadonlySet<Permission> | null
  /** Narrowed to one virtual server, or null. */
  readonly serverId: ServerId | null
  /** Principals that see the same share one class: it is part of every list key. */
  readonly visibilityClass: VisibilityClass
  /** Names this principal in pools, caches, single-flights and cursors: same key ⇔ same user and same narrowing. */
  readonly key: string
}

/** Interned: two principals with the same `id` see exactly the same things. */
export interface VisibilityClass {
  readonly id: string
  sees(thing: Owned): boolean
}
