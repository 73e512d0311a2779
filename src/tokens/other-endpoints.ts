import { Type } from '#/api/type.ts'
import { allow, allowAny, can } from '#/access/allow.ts'
import { TeamId, type TokenId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import { requireUnrestricted } from '#/access/unrestricted.ts'
import { DryRunQuery } from '#/api/dry-run.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { IdParams, idOf } from '#/api/params.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { revokeToken, visible } from './change-token.ts'
import { foreseeNewToken, foreseeRevocation } from './foreseeing.ts'
import { makeToken, MadeToken, tokenId } from './token-endpoints.ts'
import { TokenCreate, TokenRevoke } from './token-input.ts'
import type { TokenDeps, TokenFilter } from './token-store.ts'
import { tokenUsageView, TokenUsageView, type TokenUsage } from './token-usage.ts'
import { tokenView, TokenView } from './token-view.ts'

const TAG = 'tokens'

export interface OtherTokenDeps extends TokenDeps {
  readonly usage: (id: TokenId, days: number) => Promise<TokenUsage>
}

/** Tokens of a team, of everybody, and what was done with one. */
export function otherTokenEndpoints(deps: OtherTokenDeps): readonly Endpoint[] {
  return [...ofTeam(deps), ...ofEverybody(deps), usage(deps)]
}

function usage(deps: OtherTokenDeps): Endpoint {
  return endpoint({
    route: 'GET /tokens/{id}/usage',
    permission: 'tokens.read',
    summary: 'What was done with a token',
    tag: TAG,
    params: IdParams,
    query: Type.Object({ days: Type.Optional(Type.Integer({ minimum: 1, maximum: 365, default: 30 })) }),
    reply: TokenUsageView,
    handle: async ({ params, query, principal }) => {
      const { id } = visible(
        await deps.store.seen(tokenId(params.id), principal.visibilityClass),
        principal,
        'tokens.read',
      )
      const days = query.days ?? 30
      return { body: tokenUsageView(await deps.usage(id, days), days) }
    },
  })
}

const Window = {
  include_inactive: Type.Optional(Type.Boolean({ description: 'Also what is switched off or revoked' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0 })),
}

const Page = Type.Object({
  tokens: Type.Array(TokenView),
  total: Type.Integer(),
  limit: Type.Integer(),
  offset: Type.Integer(),
})

interface Asked extends Omit<TokenFilter, 'offset'> {
  readonly query: { readonly include_inactive?: boolean; readonly limit?: number; readonly offset?: number }
  readonly most: number
}

async function pageOf({ store }: TokenDeps, { query, most, ...filter }: Asked) {
  const { limit = most, offset = 0, include_inactive: includeInactive = false } = query
  const { rows, total } = await store.page({ limit, after: null, includeInactive }, { ...filter, offset })
  return { body: { tokens: rows.map(tokenView), total, limit, offset } }
}

const TeamParams = Type.Object({ team_id: Type.String() })

function ofTeam(deps: TokenDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /tokens/teams/{team_id}',
      permission: 'tokens.read',
      summary: 'Tokens that are narrowed to a team: all of them for those who look after its members, else your own',
      tag: TAG,
      params: TeamParams,
      query: Type.Object(Window),
      reply: Page,
      handle: async ({ params, query, principal }) => {
        const teamId = teamIn(params.team_id, principal)
        const isKeeper = can(principal, 'teams.manage_members', thingOf(teamId)) !== null
        return await pageOf(deps, { query, most: 50, teamId, userId: isKeeper ? null : principal.userId })
      },
    }),
    endpoint({
      route: 'POST /tokens/teams/{team_id}',
      permission: 'tokens.create',
      summary: 'Makes an API token that is good for a team, and shows it once',
      tag: TAG,
      params: TeamParams,
      query: Type.Object(DryRunQuery),
      body: TokenCreate,
      reply: MadeToken,
      status: 201,
      handle: async ({ params, query, body, grant, idempotency }) => {
        const teamId = teamIn(params.team_id, grant.principal)
        if (body.team_id && body.team_id !== teamId)
          throw new GatewayError('invalid_field', 'team_id: the path names another team', { field: 'team_id' })
        const input = { body: { ...body, team_id: teamId }, grant, idempotency }
        return await (query.dry_run === true ? foreseeNewToken(deps, input) : makeToken(deps, input))
      },
    }),
  ]
}

const thingOf = (teamId: TeamId) => ({ ownerId: null, teamId, visibility: 'team' }) as const

/** What a team's members share: for others there is no such team. */
function teamIn(given: string, principal: Principal): TeamId {
  const teamId = idOf(TeamId, given.toLowerCase().replaceAll('-', ''), 'Team')
  if (!principal.visibilityClass.sees(thingOf(teamId))) throw new GatewayError('not_found', `Team not found: ${teamId}`)
  allow(principal, 'tokens.read', thingOf(teamId))
  return teamId
}

function ofEverybody(deps: TokenDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /tokens/admin/all',
      permission: 'admin.user_management',
      summary: 'Tokens of everybody, newest first; for administrators',
      tag: TAG,
      query: Type.Object({
        user_email: Type.Optional(Type.String({ maxLength: 320, description: 'Only of this user' })),
        ...Window,
      }),
      reply: Page,
      handle: async ({ query, principal }) => {
        requireUnrestricted(principal)
        const { user_email: email, ...rest } = query
        const userId = email === undefined ? null : await deps.store.userId(email)
        if (userId === undefined)
          throw new GatewayError('invalid_field', 'user_email: there is no such user', { field: 'user_email' })
        return await pageOf(deps, { query: rest, most: 100, userId })
      },
    }),
    endpoint({
      route: 'DELETE /tokens/admin/{id}',
      permission: 'admin.user_management',
      summary: "Revokes anybody's token for good; for administrators",
      tag: TAG,
      params: IdParams,
      query: Type.Object(DryRunQuery),
      body: TokenRevoke,
      reply: Type.Null(),
      status: 204,
      handle: async ({ params, query, body, principal, ifMatch }) => {
        requireUnrestricted(principal)
        const grant = allowAny(principal, 'tokens.revoke')
        const input = { id: tokenId(params.id), reason: body.reason ?? null, grant, ifMatch }
        if (query.dry_run === true) return await foreseeRevocation(deps, input)
        await revokeToken(deps, input)
        return { body: undefined }
      },
    }),
  ]
}
