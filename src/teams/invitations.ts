import { hash as digest, randomBytes } from 'node:crypto'
import { AssignmentId, type TeamId } from '#/access/ids.ts'
import type { Actor } from '#/api/actor.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Invitation, TeamEntryWriter } from './entry.ts'
import type { TeamDeps } from './team.ts'

export interface Invited {
  readonly email: string
  readonly isOwner: boolean
}

export interface MadeLink {
  readonly invitation: Invitation
  /** 256 random bits. Only its hash is kept. */
  readonly token: string
}

/** Makes a link for each, in one change. */
export async function invite(
  deps: TeamDeps,
  { teamId, invited }: Inviting,
  actor: Actor,
): Promise<readonly MadeLink[]> {
  if (invited.length === 0) return []
  const made = await written(deps.entries, { teamId, invited }, actor)
  const stored = new Map((await deps.entries.invitations(teamId)).map((each) => [each.id, each]))
  return made.map(({ id, token }) => {
    const invitation = stored.get(id)
    if (invitation === undefined) throw new GatewayError('not_found', 'the invitation was used or cancelled meanwhile')
    return { invitation, token }
  })
}

interface Inviting {
  readonly teamId: TeamId
  readonly invited: readonly Invited[]
}

/** Refused is what making the links is refused for. */
export async function rehearseInviting(deps: TeamDeps, inviting: Inviting, actor: Actor): Promise<void> {
  await written(deps.entriesRehearsal, inviting, actor)
}

async function written(writer: TeamEntryWriter, { teamId, invited }: Inviting, actor: Actor) {
  const made = invited.map((each) => ({
    ...each,
    id: AssignmentId.mint(),
    token: randomBytes(32).toString('base64url'),
  }))
  const rows = made.map(({ id, email, isOwner, token }) => ({ id, email, isOwner, hash: invitationHash(token) }))
  await writer.invite(teamId, rows, actor)
  return made
}

export function invitationHash(token: string): Buffer {
  return digest('sha256', token, 'buffer')
}
