import { Type } from '#/api/type.ts'
import { allow } from '#/access/allow.ts'
import { TeamId } from '#/access/ids.ts'
import type { Permission } from '#/access/permissions.ts'
import type { Principal } from '#/access/principal.ts'
import { actorOf } from '#/api/actor.ts'
import { etagOf, preconditionFailed } from '#/api/conditional.ts'
import { DryRunQuery, writerFor } from '#/api/dry-run.ts'
import { endpoint, type Endpoint, type Reply } from '#/api/endpoint.ts'
import { makeCursor, pageRequest, PagingQuery } from '#/api/paging.ts'
import { IdParams, idOf } from '#/api/params.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { emailKey } from '#/lib/email-key.ts'
import { slugify } from '#/lib/slug.ts'
import { invitationEndpoints } from './entry-endpoints.ts'
import { invite, type Invited, type MadeLink } from './invitations.ts'
import { joinEndpoints } from './join-endpoints.ts'
import { Done, memberEndpoints } from './member-endpoints.ts'
import { supposingGone, supposingNothing } from './supposing.ts'
import { ownedTeam, type Team, type TeamDeps } from './team.ts'
import { TeamCreate, TeamUpdate } from './team-input.ts'
import { DiscoveredTeam, discoveredView, TeamView, teamView } from './team-view.ts'

const tag = 'teams'
const withTag = (team: Team): Reply => ({ headers: { etag: etagOf(team.version) }, body: teamView(team) })

/** Every route of /teams. */
export function teamEndpoints(deps: TeamDeps): readonly Endpoint[] {
  return [
    making(deps),
    ...listing(deps),
    ...single(deps),
    ...memberEndpoints(deps),
    ...invitationEndpoints(deps),
    ...joinEndpoints(deps),
  ]
}

/** The team, where the principal may see it and do this with it. */
export async function teamFor(
  deps: TeamDeps,
  given: string,
  [principal, permission]: readonly [Principal, Permission],
): Promise<Team> {
  const team = await deps.store.seen(idOf(TeamId, given, 'Team'), principal.visibilityClass)
  const owned = team && ownedTeam(team)
  if (team === undefined || owned === undefined || !principal.visibilityClass.sees(owned))
    throw new GatewayError('not_found', `Team not found: ${given}`)
  allow(principal, permission, owned)
  return team
}

/** A personal team is as its user is: nobody changes it, ends it, joins it or leaves it. */
export function requireShared(team: Team): void {
  if (team.isPersonal)
    throw new GatewayError('conflict', "a personal team is its user's alone: make another team to share things")
}

export function stale(team: Team): GatewayError {
  return preconditionFailed('the team', team.version, teamView(team))
}

const TeamsQuery = Type.Object({
  ...PagingQuery,
  skip: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0, description: 'So many of them are left out first' }),
  ),
})

function making(deps: TeamDeps): Endpoint {
  return endpoint({
    route: 'POST /teams',
    permission: 'teams.create',
    tag,
    summary: 'Make a team; who makes it owns it',
    query: Type.Object(DryRunQuery),
    body: TeamCreate,
    reply: TeamView,
    status: 201,
    handle: async ({ query, body, principal, request }) => {
      const slug = body.slug ?? slugify(body.name)
      if (slug.length < 2)
        throw new GatewayError('invalid_field', 'name: give a slug of two characters or more, too', { field: 'name' })
      const { name, description = null, visibility = 'private', max_members: maxMembers = null, members = [] } = body
      const id = TeamId.mint()
      const others = members.map(({ email, role }) => ({ email, isOwner: role === 'owner' }))
      const declaration = { id, name, slug, description, visibility, maxMembers, members: others }
      const actor = actorOf(principal, request)
      const { seq, added } = await writerFor(deps, query).create(declaration, actor, principal.visibilityClass)
      // Nothing is the team's yet.
      if (query.dry_run === true) return await supposingNothing(deps, principal)
      await deps.settled(seq)
      const invited = strangers(others, [...added, principal.email])
      const links = await invite(deps, { teamId: id, invited }, actor)
      const team = await deps.store.byId(id)
      if (team === undefined) throw new GatewayError('not_found', `Team not found: ${id}`)
      const headers = { etag: etagOf(team.version), location: `/v1/teams/${id}` }
      return { headers, body: { ...teamView(team), members_added: added, invitations_sent: links.map(sentView) } }
    },
  })
}

function listing(deps: TeamDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /teams',
      permission: 'teams.read',
      tag,
      summary: 'The teams that you are in, newest first; all that people share, for administrators',
      query: TeamsQuery,
      reply: Type.Object({ teams: Type.Array(TeamView), total: Type.Optional(Type.Integer()) }),
      handle: async ({ query, principal }) => {
        const { sight } = principal.visibilityClass
        const { skip = 0 } = query
        const { rows, next, total } = await deps.store.page({ ...pageRequest(query, principal), sight, skip }, 'mine')
        const teams = rows.map(teamView)
        if (query.include_pagination !== true) return { body: { teams, total } }
        return { body: { teams, nextCursor: next && makeCursor(next, principal) } }
      },
    }),
    endpoint({
      route: 'GET /teams/discover',
      permission: 'teams.read',
      tag,
      summary: 'Public teams that you are not in',
      query: TeamsQuery,
      reply: Type.Array(DiscoveredTeam),
      handle: async ({ query, principal }) => {
        const { sight } = principal.visibilityClass
        const { skip = 0 } = query
        const { rows } = await deps.store.page({ ...pageRequest(query, principal), sight, skip }, 'others')
        return { body: rows.map((team) => discoveredView(team, deps.limits.members)) }
      },
    }),
  ]
}

function single(deps: TeamDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /teams/{id}',
      permission: 'teams.read',
      tag,
      summary: 'Read a team',
      params: IdParams,
      reply: TeamView,
      handle: async ({ params, principal }) => withTag(await teamFor(deps, params.id, [principal, 'teams.read'])),
    }),
    endpoint({
      route: 'PUT /teams/{id}',
      permission: 'teams.update',
      tag,
      summary: 'Change a team',
      params: IdParams,
      query: Type.Object(DryRunQuery),
      body: TeamUpdate,
      reply: TeamView,
      handle: async ({ params, query, body, principal, ifMatch, request }) => {
        const team = await teamFor(deps, params.id, [principal, 'teams.update'])
        requireShared(team)
        const to = { ifMatch: ifMatch ?? team.version, actor: actorOf(principal, request) }
        const changed = await writerFor(deps, query).update(team.id, changedTeam(team, body), to)
        if (changed === undefined) throw stale((await deps.store.byId(team.id)) ?? team)
        // Who finds a team uses nothing of it.
        if (query.dry_run === true) return await supposingNothing(deps, principal)
        await deps.settled(changed.seq)
        return withTag((await deps.store.byId(team.id)) ?? team)
      },
    }),
    endpoint({
      route: 'DELETE /teams/{id}',
      permission: 'teams.delete',
      tag,
      summary: 'End a team, its roles and its tokens',
      description: 'Refused while there are things of the team: move or delete them first.',
      params: IdParams,
      query: Type.Object(DryRunQuery),
      reply: Done,
      handle: async ({ params, query, principal, ifMatch, request }) => {
        const team = await teamFor(deps, params.id, [principal, 'teams.delete'])
        requireShared(team)
        const changed = await writerFor(deps, query).remove(team.id, { ifMatch, actor: actorOf(principal, request) })
        if (changed === undefined) throw stale((await deps.store.byId(team.id)) ?? team)
        if (query.dry_run === true) return await supposingGone(deps, principal, team)
        await deps.settled(changed.seq)
        return { body: { success: true, message: `Team ${team.id} deleted` } }
      },
    }),
  ]
}

/** Those who are no users, each once. */
function strangers(wanted: readonly Invited[], known: readonly string[]): readonly Invited[] {
  const left = new Map(wanted.map((each) => [emailKey(each.email), each]))
  for (const email of known) left.delete(emailKey(email))
  return [...left.values()]
}

/** Of a member who is no user yet: with the link, which is shown this once. */
function sentView({ invitation, token }: MadeLink): Record<string, unknown> {
  const { id, email, isOwner } = invitation
  return { email, role: isOwner ? 'owner' : 'member', invitation_id: id, token }
}

function changedTeam(team: Team, body: TeamUpdate): Team {
  return {
    ...team,
    name: body.name ?? team.name,
    description: body.description === undefined ? team.description : body.description,
    visibility: body.visibility ?? team.visibility,
    maxMembers: body.max_members === undefined ? team.maxMembers : body.max_members,
  }
}
