import type { UserId } from '#/access/ids.ts'
import type { Actor, Changed } from '#/api/actor.ts'

/** That an identity provider's own name for somebody stands for a user. */
export interface Identity {
  /** Made from the two names: the same for as long as it is there, and after that nobody's. */
  readonly id: string
  readonly issuer: string
  /** The provider's name for somebody. */
  readonly subject: string
  /** ISO 8601. */
  readonly linkedAt: string
}

export interface Unlinking {
  readonly userId: UserId
  readonly id: string
  /** Also where nobody could sign in as this user any more. */
  readonly force: boolean
}

/** A role that a group brought, or the membership itself where roleId is null; teamId null: in the platform. */
export interface Taken {
  readonly roleId: string | null
  readonly teamId: string | null
}

/** What came with an identity and went with it. */
export interface Unlinked extends Changed {
  readonly taken: readonly Taken[]
}

export interface IdentityStore {
  of(userId: UserId): Promise<readonly Identity[]>
  /**
   * What came with it ends: sessions that it began, and what groups brought. undefined: there is none of this id; `last_way`: it is the only
   * one of the provider that people sign in with, and there is no password.
   */
  unlink(unlinking: Unlinking, actor: Actor): Promise<Unlinked | 'last_way' | undefined>
}
