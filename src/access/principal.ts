import type { GatewayId, ServerId, TeamId, TokenId, UserId } from './ids.ts'
import type { Permission } from './permissions.ts'
import type { Held } from './standing.ts'
import type { Sight } from './visibility.ts'

export type Visibility = 'private' | 'team' | 'public'

/** Whose a thing is and who may see it. Every row, key and cache carries it. */
export interface Owned {
  readonly ownerId: UserId | null
  readonly teamId: TeamId | null
  readonly visibility: Visibility
}

/** Roles by where they are held, as far as the token in hand lets them count. */
export interface HeldRoles {
  readonly platform: readonly Held[]
  readonly byTeam: ReadonlyMap<TeamId, readonly Held[]>
}

/** Whoever is calling, as found in the current snapshot. Made by `access/` only; never cached with a token. */
export interface Principal {
  readonly userId: UserId
  readonly email: string
  /** Holds the role that sees everything, and comes with no token of a team. */
  readonly isAdmin: boolean
  readonly roles: HeldRoles
  readonly tokenId: TokenId
  /** null: all that the user may. A token can only narrow. */
  readonly permissions: ReadonlySet<Permission> | null
  /** Narrowed to one virtual server, or null. */
  readonly serverId: ServerId | null
  /** Narrowed to the endpoint of one gateway, or null. */
  readonly gatewayId: GatewayId | null
  /** Narrowed to one team, or null. */
  readonly teamId: TeamId | null
  /** Principals that see the same share one class: it is part of every list key. */
  readonly visibilityClass: VisibilityClass
  /** Names this principal in pools, caches, single-flights and cursors: same key ⇔ same user and same narrowing. */
  readonly key: string
}

/** Whose a request is, and with which token. */
export type Bearer = Pick<Principal, 'userId' | 'tokenId'>

/** Interned: two principals with the same `id` see exactly the same things. */
export interface VisibilityClass {
  readonly id: string
  /** What it sees, as data: for whoever has to ask a database. */
  readonly sight: Sight
  sees(thing: Owned): boolean
}
