import type { ClientNetwork } from '#/access/client-network.ts'
import type { SessionId, TokenId, UserId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import type { NewToken } from '#/access/token-format.ts'
import type { Actor, Changed } from '#/api/actor.ts'
import type { User } from './user.ts'

/** Whoever is meant by an e-mail address at a sign-in. */
export interface Subject {
  readonly userId: UserId
  readonly email: string
  readonly enabled: boolean
  /** null: it has no password. */
  readonly hash: string | null
  /** When its password was chosen, which tells it from others; hashed anew it stays the same. null: it has none. */
  readonly chosenAt: string | null
  /** Somebody else chose the password. */
  readonly mustChange: boolean
}

export interface Guess {
  /** Guesses are refused there for so long; null: this one counts and may be looked at. */
  readonly closedForMs: number | null
  readonly subject: Subject | undefined
}

/** A session as it begins, whoever comes. */
export interface FreshSession {
  readonly id: SessionId
  readonly tokenId: TokenId
  readonly secret: NewToken
  readonly lifeMs: number
  readonly totalMs: number
  readonly fromIp: string | null
  readonly userAgent: string | null
}

export interface NewSession extends FreshSession {
  /** It begins only while its user is enabled and has this password. */
  readonly subject: Subject
  /** The same password hashed anew, where that is due. */
  readonly rehashed: string | null
  /** From where it comes: what was counted there is forgiven. */
  readonly network: ClientNetwork
}

/** A session's next token: it replaces none, because what was sent a moment ago may still be under way. */
export interface Refreshed extends Changed {
  readonly lifeMs: number
}

/** What a token in hand is. */
export interface TokenKind {
  /** Who vouched for the user: `local` or `sso`; null: it is no session's. */
  readonly provider: string | null
  /** ISO 8601; null: never. */
  readonly expiresAt: string | null
}

export interface NewPassword {
  readonly hash: string
  readonly mustChange: boolean
}

export interface SignInStore {
  /** Counts the guess, and answers who is meant; or that none is looked at now. */
  guess(email: string, network: ClientNetwork): Promise<Guess>
  /** It was no guess. */
  forgive(email: string, network: ClientNetwork): Promise<void>
  /** undefined: the user was disabled or its password changed a moment ago. */
  begin(session: NewSession): Promise<Changed | undefined>
  kindOf(tokenId: TokenId): Promise<TokenKind | undefined>
  /** undefined: it is no session's, or that is over. */
  refresh(
    tokenId: TokenId,
    next: { readonly id: TokenId; readonly secret: NewToken; readonly lifeMs: number },
  ): Promise<Refreshed | undefined>
  /** Ends the session of a token. undefined: it is no session's. */
  end(tokenId: TokenId): Promise<Changed | undefined>
  /** In place of the password that the subject has; all sessions end. undefined: it is not that any more. */
  changePassword(subject: Subject, hash: string): Promise<(Changed & { readonly chosenAt: string }) | undefined>
  /** The password is gone and the sessions with it; the code with this hash is good for one new password. */
  openReset(
    userId: UserId,
    reset: { readonly hash: Buffer; readonly lifeMs: number },
    actor: Actor,
  ): Promise<Changed & { readonly expiresAt: string }>
  /** Whose a code is, while it is good. */
  resetFor(hash: Buffer): Promise<{ readonly userId: UserId; readonly email: string } | undefined>
  /** undefined: the code was used a moment ago. */
  useReset(reset: Buffer, password: string): Promise<Changed | undefined>
  /** Forgets what was guessed at one user's. */
  unlock(user: User, actor: Actor): Promise<void>
}

/** A sign-in that did not work, for the security log. `email` only of who is a user: others may have typed a password there. */
export interface SignInFailure {
  readonly requestId: string
  readonly fromIp: string | null
  readonly userId: UserId | null
  readonly email: string | null
  /** Unless said: that the address or the password was wrong. */
  readonly why?: string
}

export interface SignInDeps {
  readonly store: SignInStore
  /** A place to compute a hash; few do at a time, and of one network few wait. Rejects with `overloaded`. */
  readonly places: (network: string, signal: AbortSignal) => Promise<Disposable>
  readonly failed: (failure: SignInFailure) => void
  /** Until when a token that an identity provider made says that it is good, ms since the epoch; null: it has no end; undefined: it is one of ours. */
  readonly foreignEnd: (principal: Principal) => number | null | undefined
  readonly times: { readonly idleMs: number; readonly totalMs: number }
  /** Whether strangers may make themselves users. */
  readonly registration: boolean
  readonly settled: (seq: number | null) => Promise<void>
}

/** What somebody who signed in is given. */
export interface Session {
  /** The token, shown this once. */
  readonly text: string
  readonly lifeMs: number
  readonly email: string
}
