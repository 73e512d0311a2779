import { Type } from '#/api/type.ts'
import type { Invitation, JoinRequest } from './entry.ts'

const Text = Type.Union([Type.String(), Type.Null()])
const time = Type.String({ format: 'date-time' })

const invitation = {
  id: Type.String(),
  team_id: Type.String(),
  team_name: Type.String(),
  email: Type.String(),
  role: Type.String({ description: 'owner or member' }),
  invited_by: Text,
  invited_at: time,
  expires_at: time,
}
const state = { is_active: Type.Boolean(), is_expired: Type.Boolean() }

export const InvitationView = Type.Object({ ...invitation, ...state }, { title: 'TeamInvitation' })

export const MadeInvitation = Type.Object(
  {
    ...invitation,
    token: Type.String({ description: 'Shown this once; good for one use by this address' }),
    ...state,
    invitation_url: Type.String(),
    email_delivery_status: Type.String(),
    warning: Text,
  },
  { title: 'MadeTeamInvitation' },
)

export function invitationView(one: Invitation): Record<string, unknown> {
  const isExpired = Date.parse(one.expiresAt) <= Date.now()
  return {
    id: one.id,
    team_id: one.teamId,
    team_name: one.teamName,
    email: one.email,
    role: one.isOwner ? 'owner' : 'member',
    invited_by: one.invitedBy,
    invited_at: one.invitedAt,
    expires_at: one.expiresAt,
    is_active: !isExpired,
    is_expired: isExpired,
  }
}

/** With what leads in, which is known now and never again. */
export function madeInvitationView(
  one: Invitation,
  link: { readonly token: string; readonly url: string },
): Record<string, unknown> {
  return {
    ...invitationView(one),
    token: link.token,
    invitation_url: link.url,
    email_delivery_status: 'not_sent',
    warning: 'no e-mail is sent from here: give the link to whoever it is for',
  }
}

export const JoinRequestView = Type.Object(
  {
    id: Type.String(),
    team_id: Type.String(),
    team_name: Type.String(),
    user_email: Type.String(),
    message: Text,
    status: Type.String(),
    requested_at: time,
    expires_at: time,
  },
  { title: 'TeamJoinRequest' },
)

export function joinRequestView(one: JoinRequest): Record<string, unknown> {
  return {
    id: one.id,
    team_id: one.teamId,
    team_name: one.teamName,
    user_email: one.email,
    message: one.message,
    status: 'pending',
    requested_at: one.requestedAt,
    expires_at: one.expiresAt,
  }
}
