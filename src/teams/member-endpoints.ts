import { Type } from '#/api/type.ts'
import { allow } from '#/access/allow.ts'
import type { TeamId } from '#/access/ids.ts'
import { actorOf } from '#/api/actor.ts'
import { DryRunQuery, writerFor } from '#/api/dry-run.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { pageReply, pageRequest, PagingQuery } from '#/api/paging.ts'
import { IdParams } from '#/api/params.ts'
import type { ErrorCode } from '#/errors/codes.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { membersOnly, type Member, type MemberOutcome, type Team, type TeamDeps } from './team.ts'
import { requireShared, stale, teamFor } from './team-endpoints.ts'
import { supposingMember } from './supposing.ts'
import { Email, MemberRole } from './team-input.ts'
import { memberView, MemberView } from './team-view.ts'

const tag = 'teams'
const MemberParams = Type.Object({ ...IdParams.properties, email: Type.String({ description: 'Of the member' }) })
export const Done = Type.Object({ success: Type.Boolean(), message: Type.String() })

/** Who is in a team. */
export function memberEndpoints(deps: TeamDeps): readonly Endpoint[] {
  return [list(deps), ...changing(deps), removing(deps), leaving(deps)]
}

function list(deps: TeamDeps): Endpoint {
  return endpoint({
    route: 'GET /teams/{id}/members',
    permission: 'teams.read',
    tag,
    summary: 'Who is in a team, newest first; for its members',
    params: IdParams,
    query: Type.Object(PagingQuery),
    reply: Type.Array(MemberView),
    handle: async ({ params, query, principal }) => {
      const team = await teamFor(deps, params.id, [principal, 'teams.read'])
      if (!principal.visibilityClass.sees(membersOnly(team)))
        throw new GatewayError('forbidden', 'who is in a team is for its members')
      const { rows, next } = await deps.store.members(team.id, pageRequest(query, principal))
      return pageReply({ plural: 'members', page: { rows: rows.map(memberView), next }, query, principal })
    },
  })
}

function changing(deps: TeamDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'POST /teams/{id}/members',
      permission: 'teams.manage_members',
      tag,
      summary: 'Add a user to a team',
      params: IdParams,
      query: Type.Object(DryRunQuery),
      body: Type.Object({ email: Email, role: Type.Optional(MemberRole) }),
      reply: MemberView,
      status: 201,
      handle: async ({ params, query, body, principal, ifMatch, request }) => {
        const team = await teamFor(deps, params.id, [principal, 'teams.manage_members'])
        requireShared(team)
        const member = { email: body.email, isOwner: body.role === 'owner' }
        const to = { ifMatch, actor: actorOf(principal, request) }
        await done(deps, team, await writerFor(deps, query).add(team.id, member, to))
        if (query.dry_run === true) return await supposingMember(deps, principal, { team, ...member })
        return { body: memberView(await memberIn(deps, team.id, body.email)) }
      },
    }),
    endpoint({
      route: 'PUT /teams/{id}/members/{email}',
      permission: 'teams.manage_members',
      tag,
      summary: 'Make a member an owner, or an owner a member',
      params: MemberParams,
      query: Type.Object(DryRunQuery),
      body: Type.Object({ role: MemberRole }),
      reply: MemberView,
      handle: async ({ params, query, body, principal, ifMatch, request }) => {
        const team = await teamFor(deps, params.id, [principal, 'teams.manage_members'])
        requireShared(team)
        const to = { ifMatch, actor: actorOf(principal, request) }
        const member = { email: params.email, isOwner: body.role === 'owner' }
        await done(deps, team, await writerFor(deps, query).setOwner(team.id, member, to))
        if (query.dry_run === true) return await supposingMember(deps, principal, { team, ...member })
        return { body: memberView(await memberIn(deps, team.id, params.email)) }
      },
    }),
  ]
}

function removing(deps: TeamDeps): Endpoint {
  return endpoint({
    route: 'DELETE /teams/{id}/members/{email}',
    permission: 'teams.manage_members',
    tag,
    summary: 'Take a member out of a team, with every role in it',
    params: MemberParams,
    query: Type.Object(DryRunQuery),
    reply: Done,
    handle: async ({ params, query, principal, ifMatch, request }) => {
      const team = await teamFor(deps, params.id, [principal, 'teams.manage_members'])
      requireShared(team)
      const to = { ifMatch, actor: actorOf(principal, request) }
      await done(deps, team, await writerFor(deps, query).drop(team.id, params.email, to))
      if (query.dry_run === true)
        return await supposingMember(deps, principal, { team, email: params.email, isOwner: null })
      return { body: { success: true, message: `${params.email} is no longer in the team` } }
    },
  })
}

function leaving(deps: TeamDeps): Endpoint {
  return endpoint({
    route: 'DELETE /teams/{id}/leave',
    permission: 'teams.join',
    tag,
    summary: 'Leave a team, with every role in it',
    params: IdParams,
    query: Type.Object(DryRunQuery),
    reply: Done,
    handle: async ({ params, query, principal, ifMatch, request }) => {
      const team = await teamFor(deps, params.id, [principal, 'teams.read'])
      allow(principal, 'teams.join', membersOnly(team))
      requireShared(team)
      const to = { ifMatch, actor: actorOf(principal, request) }
      await done(deps, team, await writerFor(deps, query).drop(team.id, principal.email, to))
      if (query.dry_run === true)
        return await supposingMember(deps, principal, { team, email: principal.email, isOwner: null })
      return { body: { success: true, message: `you are no longer in the team ${team.name}` } }
    },
  })
}

export async function memberIn(deps: TeamDeps, teamId: TeamId, email: string): Promise<Member> {
  const member = await deps.store.member(teamId, email)
  if (member === undefined) throw new GatewayError('not_found', 'Member not found', { field: 'email' })
  return member
}

/** Waits until the change is known here; a refusal is thrown in words. */
async function done(deps: TeamDeps, team: Team, outcome: MemberOutcome): Promise<void> {
  if (outcome.kind !== 'done') throw refusal(team, outcome.kind)
  await deps.settled(outcome.seq)
}

function refusal(team: Team, kind: Exclude<MemberOutcome['kind'], 'done'>): GatewayError {
  if (kind === 'stale') return stale(team)
  const [code, message] = REFUSALS[kind]
  return new GatewayError(code, message, { field: 'email' })
}

const REFUSALS = {
  no_user: ['not_found', 'User not found'],
  no_member: ['not_found', 'Member not found'],
  there: ['conflict', 'the user is in the team already'],
  full: ['conflict', 'the team has as many members as it may: raise max_members first'],
  many: ['conflict', 'the user is in as many teams as one may be in'],
  last_owner: ['conflict', 'a team keeps an owner: make another member one first'],
} as const satisfies Record<Exclude<MemberOutcome['kind'], 'done' | 'stale'>, readonly [ErrorCode, string]>
