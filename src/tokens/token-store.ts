import type { ServerId, TeamId, TokenId, UserId } from '#/access/ids.ts'
import type { Rights } from '#/access/narrowing.ts'
import type { Owned, VisibilityClass } from '#/access/principal.ts'
import type { NewToken } from '#/access/token-format.ts'
import type { Foresee } from '#/api/dry-run.ts'
import type { Idempotency } from '#/api/endpoint.ts'
import type { Page, PageRequest } from '#/api/paging.ts'
import type { Tag } from '#/api/tags.ts'
import type { Token } from './token.ts'

export interface TokenFilter {
  /** null: of everyone. */
  readonly userId: UserId | null
  /** Narrowed to this team. */
  readonly teamId?: TeamId
  readonly offset: number
}

export interface TokenPage extends Page<Token> {
  /** How many there are, whatever the page. */
  readonly total: number
}

/** What a decision about a token needs to know, read at one moment. */
export interface Before {
  /** The token that asks, if it is live. */
  readonly own: Token | undefined
  /** The token asked about. */
  readonly target: Token | undefined
  /** The virtual server a token is to be narrowed to. */
  readonly server: Owned | undefined
}

export interface TokenReader {
  page(request: PageRequest, filter: TokenFilter): Promise<TokenPage>
  /** undefined: there is none, or it is not seen by these. Which of the two is decided before anything of it is read. */
  seen(id: TokenId, by: VisibilityClass): Promise<Token | undefined>
  /** For what is known to be seen. */
  byId(id: TokenId): Promise<Token | undefined>
  userId(email: string): Promise<UserId | undefined>
  before(asked: {
    readonly ownId: TokenId
    readonly targetId: TokenId | null
    readonly serverId: ServerId | null
    /** Who asks: another token than its own is read if these see it. */
    readonly by: VisibilityClass
  }): Promise<Before>
}

/** Who does it, for the audit record. */
export interface Actor {
  readonly userId: UserId
  readonly email: string
  /** The token in hand: a token that was revoked a moment ago makes no others. */
  readonly tokenId: TokenId
}

export interface TokenToMake {
  readonly id: TokenId
  /** null: for whoever makes it. */
  readonly forUser: UserId | null
  readonly secret: Pick<NewToken, 'hash' | 'hint'>
  readonly name: string
  readonly description: string | null
  readonly rights: Rights
  readonly tags: readonly Tag[]
  readonly isActive: boolean
}

export interface TokenChange {
  readonly id: TokenId
  /** The change was decided for this version: it is made to no other. */
  readonly version: number
  readonly name: string
  readonly description: string | null
  readonly rights: Rights
  readonly tags: readonly Tag[]
  readonly isActive: boolean
}

/** The number of the change, for whoever waits until it is applied; null: nothing changed. */
export interface Written {
  readonly seq: number | null
}

export interface TokenWriter {
  /**
   * Makes the token, or finds what the same Idempotency-Key made before. Throws `conflict` where the name is taken, and
   * `unauthenticated` where the token in hand is no longer live.
   */
  create(
    token: TokenToMake,
    idempotency: Idempotency | null,
    actor: Actor,
  ): Promise<Written & { readonly id: TokenId; readonly repeated: boolean }>
  /** undefined: it is gone, was revoked, or has another version. */
  update(change: TokenChange, actor: Actor): Promise<Written | undefined>
  /** undefined: it is gone, was revoked before, or has another version than `ifMatch`. */
  revoke(
    id: TokenId,
    why: { readonly reason: string | null; readonly ifMatch: number | null },
    actor: Actor,
  ): Promise<Written | undefined>
  /**
   * Revokes a token and makes another instead, or does neither. undefined: it is gone or was revoked before. Throws what making it would,
   * also where the token in hand is the one that would be revoked.
   */
  replace(
    id: TokenId,
    by: { readonly token: TokenToMake; readonly reason: string },
    actor: Actor,
  ): Promise<Written | undefined>
}

/** What the use cases of tokens need. */
export interface TokenDeps {
  readonly store: TokenReader & TokenWriter
  /** Takes back what it writes. */
  readonly rehearsal: TokenWriter
  /** Answers what a change would do. */
  readonly foresee: Foresee
  /** Resolves once this worker's snapshot has a change, or soon anyway. */
  readonly settled: (seq: number | null) => Promise<void>
}
