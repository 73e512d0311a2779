import { hash as digest, randomBytes } from 'node:crypto'
import { AssignmentId, type TeamId } from '#/access/ids.ts'
import type { Actor } from '#/api/actor.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Invitation } from './entry.ts'
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
  { entries }: TeamDeps,
  { teamId, invited }: { readonly teamId: TeamId; readonly invited: readonly Invited[] },
  actor: Actor,
): Promise<readonly MadeLink[]> {
  if (invited.length === 0) return []
  const made = invited.map((each) => ({
    ...each,
    id: AssignmentId.mint(),
    token: randomBytes(32).toString('base64url'),
  }))
  const rows = made.map(({ id, email, isOwner, token }) => ({ id, email, isOwner, hash: invitationHash(token) }))
  await entries.invite(teamId, rows, actor)
  const stored = new Map((await entries.invitations(teamId)).map((each) => [each.id, each]))
  return made.map(({ id, token }) => {
    const invitation = stored.get(id)
    if (invitation === undefined) throw new GatewayError('not_found', 'the invitation was used or cancelled meanwhile')
    return { invitation, token }
  })
}

export function invitationHash(token: string): Buffer {
  return digest('sha256', token, 'buffer')
}
