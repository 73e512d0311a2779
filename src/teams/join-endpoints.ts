import { Type } from '#/api/type.ts'
import { AssignmentId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import { actorOf } from '#/api/actor.ts'
import { DryRunQuery } from '#/api/dry-run.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { IdParams } from '#/api/params.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { JoinRequestView, joinRequestView } from './entry-view.ts'
import { Done, memberIn } from './member-endpoints.ts'
import { supposingMember, supposingNothing } from './supposing.ts'
import { entriesFor, type Team, type TeamDeps } from './team.ts'
import { requireShared, stale, teamFor } from './team-endpoints.ts'
import { MemberView, memberView } from './team-view.ts'

const tag = 'teams'
const RequestParams = Type.Object({ ...IdParams.properties, request_id: Type.String() })

/** Requests to join: somebody asks at a public team, and one of those who look after its members decides. */
export function joinEndpoints(deps: TeamDeps): readonly Endpoint[] {
  return [asking(deps), waiting(deps), ...deciding(deps)]
}

function asking(deps: TeamDeps): Endpoint {
  return endpoint({
    route: 'POST /teams/{id}/join',
    permission: 'teams.join',
    tag,
    summary: 'Ask to join a public team',
    params: IdParams,
    query: Type.Object(DryRunQuery),
    body: Type.Object({ message: Type.Optional(Type.Union([Type.String({ maxLength: 500 }), Type.Null()])) }),
    reply: JoinRequestView,
    handle: async ({ params, query, body, principal, ifMatch, request }) => {
      const team = await teamFor(deps, params.id, [principal, 'teams.read'])
      requireShared(team)
      if (ifMatch !== null && ifMatch !== team.version) throw stale(team)
      const id = AssignmentId.mint()
      const asking = { id, teamId: team.id, message: body.message ?? null }
      await entriesFor(deps, query).ask(asking, actorOf(principal, request))
      // Nobody is in before somebody else has said so.
      if (query.dry_run === true) return await supposingNothing(deps, principal)
      const asked = (await deps.entries.requests(team.id)).find((each) => each.id === id)
      if (asked === undefined) throw new GatewayError('conflict', 'somebody has decided about it already')
      return { body: joinRequestView(asked) }
    },
  })
}

async function keptTeam(deps: TeamDeps, id: string, principal: Principal): Promise<Team> {
  const team = await teamFor(deps, id, [principal, 'teams.manage_members'])
  requireShared(team)
  return team
}

function waiting(deps: TeamDeps): Endpoint {
  return endpoint({
    route: 'GET /teams/{id}/join-requests',
    permission: 'teams.manage_members',
    tag,
    summary: 'Who asks to join a team, oldest first',
    params: IdParams,
    reply: Type.Array(JoinRequestView),
    handle: async ({ params, principal }) => {
      const team = await keptTeam(deps, params.id, principal)
      return { body: (await deps.entries.requests(team.id)).map(joinRequestView) }
    },
  })
}

function deciding(deps: TeamDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'POST /teams/{id}/join-requests/{request_id}/approve',
      permission: 'teams.manage_members',
      tag,
      summary: 'Let in who asks to join',
      params: RequestParams,
      query: Type.Object(DryRunQuery),
      reply: MemberView,
      handle: async ({ params, query, principal, request }) => {
        const team = await keptTeam(deps, params.id, principal)
        const { seq, email } = await entriesFor(deps, query).approve(
          team.id,
          requestId(params.request_id),
          actorOf(principal, request),
        )
        if (query.dry_run === true) return await supposingMember(deps, principal, { team, email, isOwner: false })
        await deps.settled(seq)
        return { body: memberView(await memberIn(deps, team.id, email)) }
      },
    }),
    endpoint({
      route: 'DELETE /teams/{id}/join-requests/{request_id}',
      permission: 'teams.manage_members',
      tag,
      summary: 'Turn away who asks to join',
      params: RequestParams,
      query: Type.Object(DryRunQuery),
      reply: Done,
      handle: async ({ params, query, principal, request }) => {
        const team = await keptTeam(deps, params.id, principal)
        const gone = await entriesFor(deps, query).reject(
          team.id,
          requestId(params.request_id),
          actorOf(principal, request),
        )
        if (gone === undefined) throw absent()
        if (query.dry_run === true) return await supposingNothing(deps, principal)
        return { body: { success: true, message: 'the request to join is turned away' } }
      },
    }),
  ]
}

function requestId(given: string): string {
  const id = given.toLowerCase().replaceAll('-', '')
  if (!AssignmentId.is(id)) throw absent()
  return id
}

function absent(): GatewayError {
  return new GatewayError('not_found', 'Join request not found')
}
