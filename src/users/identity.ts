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

export interface IdentityStore {
  of(userId: UserId): Promise<readonly Identity[]>
  /**
   * What came with it ends: sessions that it began, and what groups brought. undefined: there is none of this id; `last_way`: it is the only
   * one, and there is no password.
   */
  unlink(unlinking: Unlinking, actor: Actor): Promise<Changed | 'last_way' | undefined>
}
