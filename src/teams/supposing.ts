import type { Principal } from '#/access/principal.ts'
import { dryRunReply } from '#/api/dry-run.ts'
import type { Reply } from '#/api/endpoint.ts'
import { effectsOf } from '#/catalog/effects.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { emailKey } from '#/lib/email-key.ts'
import type { Team, TeamDeps } from './team.ts'

interface Supposing {
  readonly team: Team
  readonly email: string
  /** null: not even a member. */
  readonly isOwner: boolean | null
}

/** What it would change that a user is in a team, or is not: its roles there count for members alone. */
export async function supposingMember(
  { snapshot }: TeamDeps,
  asking: Principal,
  { team, email, isOwner }: Supposing,
): Promise<Reply> {
  const now = snapshot()
  const id = now.userByEmail(emailKey(email))
  const user = id && now.user(id)
  if (user === undefined) throw new GatewayError('not_found', 'User not found', { field: 'email' })
  const others = user.memberships.filter(({ teamId }) => teamId !== team.id)
  const memberships = isOwner === null ? others : [...others, { teamId: team.id, isOwner }]
  return dryRunReply(await effectsOf(now, { after: { users: new Map([[user.id, { ...user, memberships }]]) }, asking }))
}

/** What it would change that a team is gone. */
export async function supposingGone({ snapshot }: TeamDeps, asking: Principal, team: Team): Promise<Reply> {
  return dryRunReply(await effectsOf(snapshot(), { after: { teams: new Map([[team.id, false]]) }, asking }))
}
