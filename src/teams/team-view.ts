import { Type } from '#/api/type.ts'
import type { Member, Team } from './team.ts'

const Text = Type.Union([Type.String(), Type.Null()])
const time = Type.String({ format: 'date-time' })

export const TeamView = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    slug: Type.String(),
    description: Text,
    created_by: Text,
    is_personal: Type.Boolean(),
    visibility: Type.String({ description: 'private or public: others find it and may ask to join' }),
    max_members: Type.Union([Type.Integer(), Type.Null()]),
    member_count: Type.Integer(),
    created_at: time,
    updated_at: time,
    is_active: Type.Boolean(),
    version: Type.Integer(),
  },
  { title: 'Team' },
)

export function teamView(team: Team): Record<string, unknown> {
  return {
    id: team.id,
    name: team.name,
    slug: team.slug,
    description: team.description,
    created_by: team.createdBy,
    is_personal: team.isPersonal,
    visibility: team.visibility,
    max_members: team.maxMembers,
    member_count: team.memberCount,
    created_at: team.createdAt,
    updated_at: team.updatedAt,
    is_active: true,
    version: team.version,
  }
}

export const DiscoveredTeam = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Text,
  member_count: Type.Integer(),
  created_at: time,
  is_joinable: Type.Boolean(),
})

/** `most`: members of a team that says no number of its own. */
export function discoveredView(team: Team, most: number): Record<string, unknown> {
  const { id, name, description, memberCount, maxMembers, createdAt } = team
  const isJoinable = memberCount < (maxMembers ?? most)
  return { id, name, description, member_count: memberCount, created_at: createdAt, is_joinable: isJoinable }
}

export const MemberView = Type.Object(
  {
    id: Type.String(),
    team_id: Type.String(),
    user_email: Type.String(),
    role: Type.String({ description: 'owner or member' }),
    joined_at: time,
    invited_by: Text,
    is_active: Type.Boolean(),
    grant_source: Type.String(),
  },
  { title: 'TeamMember' },
)

export function memberView(member: Member): Record<string, unknown> {
  return {
    id: member.id,
    team_id: member.teamId,
    user_email: member.email,
    role: member.isOwner ? 'owner' : 'member',
    joined_at: member.createdAt,
    invited_by: member.invitedBy,
    is_active: true,
    grant_source: 'local',
  }
}
