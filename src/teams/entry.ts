import type { TeamId, UserId } from '#/access/ids.ts'
import type { Actor, Changed } from '#/api/actor.ts'

/** How many there may be: of members of a team that says no number of its own, and of teams that one user is in. */
export interface TeamLimits {
  readonly members: number
  readonly perUser: number
}

/** A way into a team for one address, by a link that is shown once. Times are ISO 8601 with microseconds. */
export interface Invitation {
  readonly id: string
  readonly teamId: TeamId
  readonly teamName: string
  readonly email: string
  readonly isOwner: boolean
  readonly invitedBy: string | null
  readonly invitedAt: string
  readonly expiresAt: string
}

export interface NewInvitation {
  readonly id: string
  readonly email: string
  readonly isOwner: boolean
  readonly hash: Buffer
}

/** Somebody who asks to be let into a team. */
export interface JoinRequest {
  readonly id: string
  readonly teamId: TeamId
  readonly teamName: string
  readonly email: string
  readonly message: string | null
  readonly requestedAt: string
  readonly expiresAt: string
}

/** Who accepts an invitation, or is let in. */
export interface Entrant {
  readonly userId: UserId
  readonly email: string
}

export interface TeamEntryReader {
  /** Those that nobody has accepted, newest first; expired ones among them. */
  invitations(teamId: TeamId): Promise<readonly Invitation[]>
  invitation(id: string): Promise<Invitation | undefined>
  /** Those that are waiting, oldest first. */
  requests(teamId: TeamId): Promise<readonly JoinRequest[]>
}

/**
 * The ways into a team that two have to agree to. What is refused throws `conflict` (a member already, invited or waiting already, the
 * team or the user's number of teams full) or `not_found`; an invitation that is not good for this user, `invalid_request`.
 */
export interface TeamEntryWriter {
  invite(teamId: TeamId, invitations: readonly NewInvitation[], actor: Actor): Promise<void>
  /** undefined: it was accepted or cancelled meanwhile. */
  cancel(id: string, actor: Actor): Promise<Changed | undefined>
  accept(
    hash: Buffer,
    who: Entrant,
    actor: Actor,
  ): Promise<Changed & { readonly teamId: TeamId; readonly isOwner: boolean }>
  ask(
    request: { readonly id: string; readonly teamId: TeamId; readonly message: string | null },
    actor: Actor,
  ): Promise<void>
  /** Answers who was let in. */
  approve(teamId: TeamId, id: string, actor: Actor): Promise<Changed & { readonly email: string }>
  /** undefined: there is none. */
  reject(teamId: TeamId, id: string, actor: Actor): Promise<Changed | undefined>
}

export type TeamEntryStore = TeamEntryReader & TeamEntryWriter
