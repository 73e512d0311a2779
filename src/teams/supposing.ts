import type { Otherwise } from '#/access/otherwise.ts'
import type { Principal } from '#/access/principal.ts'
import { dryRunReply } from '#/api/dry-run.ts'
import type { Reply } from '#/api/endpoint.ts'
import { effectsOf } from '#/catalog/effects.ts'
import { knownUser } from '#/catalog/known-user.ts'
import type { Team, TeamDeps } from './team.ts'

interface Supposing {
  readonly team: Pick<Team, 'id'>
  readonly email: string
  /** null: not even a member. */
  readonly isOwner: boolean | null
  readonly notes?: readonly string[]
}

/** What it would change that a user is in a team, or is not: its roles there count for members alone. */
export async function supposingMember(
  { fresh }: TeamDeps,
  asking: Principal,
  { team, email, isOwner, notes }: Supposing,
): Promise<Reply> {
  const now = await fresh()
  const user = knownUser(now, { email })
  const others = user.memberships.filter(({ teamId }) => teamId !== team.id)
  const memberships = isOwner === null ? others : [...others, { teamId: team.id, isOwner }]
  const after = { users: new Map([[user.id, { ...user, memberships }]]) }
  return dryRunReply(await effectsOf(now, { after, asking }), notes)
}

/** What it would change that a team is gone. */
export async function supposingGone(deps: TeamDeps, asking: Principal, team: Team): Promise<Reply> {
  return await supposing(deps, asking, { teams: new Map([[team.id, false]]) })
}

/** Of a change that decides about nobody's access: it would do to nobody anything, and be refused for what it would be refused for. */
export async function supposingNothing(deps: TeamDeps, asking: Principal): Promise<Reply> {
  return await supposing(deps, asking, {})
}

async function supposing({ fresh }: TeamDeps, asking: Principal, after: Otherwise): Promise<Reply> {
  return dryRunReply(await effectsOf(await fresh(), { after, asking }))
}
