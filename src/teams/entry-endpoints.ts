import { Type } from '#/api/type.ts'
import { allow } from '#/access/allow.ts'
import { AssignmentId } from '#/access/ids.ts'
import { actorOf } from '#/api/actor.ts'
import { DryRunQuery } from '#/api/dry-run.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { IdParams } from '#/api/params.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { invitationView, InvitationView, MadeInvitation, madeInvitationView } from './entry-view.ts'
import { invitationHash, invite, rehearseInviting } from './invitations.ts'
import { Done, memberIn } from './member-endpoints.ts'
import { supposingMember, supposingNothing } from './supposing.ts'
import { entriesFor, membersOnly, type TeamDeps } from './team.ts'
import { requireShared, teamFor } from './team-endpoints.ts'
import { Email, MemberRole } from './team-input.ts'
import { MemberView, memberView } from './team-view.ts'

const tag = 'teams'

/** Invitations: an owner makes a link for an address, and whoever has that address follows it. */
export function invitationEndpoints(deps: TeamDeps): readonly Endpoint[] {
  return [...making(deps), accepting(deps), cancelling(deps)]
}

function making(deps: TeamDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'POST /teams/{id}/invitations',
      permission: 'teams.manage_members',
      tag,
      summary: 'Make a link into a team for one e-mail address, good for seven days and one use',
      params: IdParams,
      query: Type.Object(DryRunQuery),
      body: Type.Object({ email: Email, role: Type.Optional(MemberRole) }),
      reply: MadeInvitation,
      status: 201,
      handle: async ({ params, query, body, principal, headers, request }) => {
        const team = await teamFor(deps, params.id, [principal, 'teams.manage_members'])
        requireShared(team)
        const invited = [{ email: body.email, isOwner: body.role === 'owner' }]
        const [inviting, actor] = [{ teamId: team.id, invited }, actorOf(principal, request)]
        if (query.dry_run === true) {
          await rehearseInviting(deps, inviting, actor)
          // Nobody is in before the invitation is accepted.
          return await supposingNothing(deps, principal)
        }
        const [made] = await invite(deps, inviting, actor)
        if (made === undefined) throw new GatewayError('not_found', 'the invitation was cancelled meanwhile')
        const url = linkOf(deps, headers['host'], made.token)
        return { body: madeInvitationView(made.invitation, { token: made.token, url }) }
      },
    }),
    endpoint({
      route: 'GET /teams/{id}/invitations',
      permission: 'teams.read',
      tag,
      summary: 'Invitations that nobody has accepted; for those who look after the members',
      params: IdParams,
      reply: Type.Array(InvitationView),
      handle: async ({ params, principal }) => {
        const team = await teamFor(deps, params.id, [principal, 'teams.read'])
        allow(principal, 'teams.manage_members', team.visibility === 'public' ? publicly(team.id) : membersOnly(team))
        return { body: (await deps.entries.invitations(team.id)).map(invitationView) }
      },
    }),
  ]
}

/** Seen by everybody, looked after by its owners: who may not is told so rather than that it is absent. */
const publicly = (teamId: Parameters<typeof membersOnly>[0]['id']) =>
  ({ ownerId: null, teamId, visibility: 'public' }) as const

function linkOf({ publicUrl }: TeamDeps, host: string | undefined, token: string): string {
  return new URL(`/v1/teams/invitations/${token}/accept`, publicUrl ?? `http://${host ?? 'localhost'}`).href
}

/** Whoever is invited does not see yet what it would gain. */
const UNSEEN = 'what only members see of a team is told to nobody who is not one yet'

function accepting(deps: TeamDeps): Endpoint {
  return endpoint({
    route: 'POST /teams/invitations/{token}/accept',
    permission: 'teams.join',
    tag,
    summary: 'Accept an invitation that is for your own e-mail address',
    params: Type.Object({ token: Type.String({ description: 'From the link' }) }),
    query: Type.Object(DryRunQuery),
    reply: MemberView,
    handle: async ({ params, query, principal, request }) => {
      const { seq, teamId, isOwner } = await entriesFor(deps, query).accept(
        invitationHash(params.token),
        principal,
        actorOf(principal, request),
      )
      if (query.dry_run === true) {
        const member = { team: { id: teamId }, email: principal.email, isOwner, notes: [UNSEEN] }
        return await supposingMember(deps, principal, member)
      }
      await deps.settled(seq)
      return { body: memberView(await memberIn(deps, teamId, principal.email)) }
    },
  })
}

function cancelling(deps: TeamDeps): Endpoint {
  return endpoint({
    route: 'DELETE /teams/invitations/{invitation_id}',
    permission: 'teams.manage_members',
    tag,
    summary: 'Cancel an invitation: its link leads nowhere any more',
    params: Type.Object({ invitation_id: Type.String() }),
    query: Type.Object(DryRunQuery),
    reply: Done,
    handle: async ({ params, query, principal, request }) => {
      const id = params.invitation_id.toLowerCase().replaceAll('-', '')
      const found = AssignmentId.is(id) ? await deps.entries.invitation(id) : undefined
      const team = found && { ownerId: null, teamId: found.teamId, visibility: 'team' as const }
      if (found === undefined || team === undefined || !principal.visibilityClass.sees(team)) throw absent()
      allow(principal, 'teams.manage_members', team)
      if ((await entriesFor(deps, query).cancel(id, actorOf(principal, request))) === undefined) throw absent()
      if (query.dry_run === true) return await supposingNothing(deps, principal)
      return { body: { success: true, message: `the invitation of ${found.email} is cancelled` } }
    },
  })
}

function absent(): GatewayError {
  return new GatewayError('not_found', 'Invitation not found')
}
