import { Type } from '#/api/type.ts'
import { TokenId } from '#/access/ids.ts'
import { etagOf } from '#/api/conditional.ts'
import { DryRunQuery } from '#/api/dry-run.ts'
import { endpoint, type Endpoint, type Reply } from '#/api/endpoint.ts'
import { makeCursor, pageRequest, PagingQuery } from '#/api/paging.ts'
import { idOf, IdParams } from '#/api/params.ts'
import { revokeToken, updateToken, visible } from './change-token.ts'
import { createToken, type CreateInput } from './create-token.ts'
import { foreseeNewToken, foreseeRevocation, foreseeTokenChange } from './foreseeing.ts'
import { TokenCreate, TokenRevoke, TokenUpdate } from './token-input.ts'
import type { TokenDeps } from './token-store.ts'
import { tokenView, TokenView } from './token-view.ts'

const TAG = 'tokens'
const NOT_NARROWED =
  'No permissions are named for this token: it may do whatever its user may, as far as nothing else narrows it. Name some in scope.permissions to narrow it.'
const REPEATED =
  'This Idempotency-Key made this token before. Its text was shown only then; if it was lost, revoke the token and make another one.'

export function tokenEndpoints(deps: TokenDeps): readonly Endpoint[] {
  return [create(deps), list(deps), read(deps), update(deps), revoke(deps)]
}

function create(deps: TokenDeps): Endpoint {
  return endpoint({
    route: 'POST /tokens',
    permission: 'tokens.create',
    summary: 'Makes an API token and shows it once',
    tag: TAG,
    query: Type.Object(DryRunQuery),
    body: TokenCreate,
    reply: MadeToken,
    status: 201,
    handle: (input) => (input.query.dry_run === true ? foreseeNewToken(deps, input) : makeToken(deps, input)),
  })
}

export const MadeToken = Type.Object({
  token: TokenView,
  access_token: Type.Union([Type.String(), Type.Null()]),
  note: Type.Optional(
    Type.String({ description: 'That it is not narrowed to any permissions, or why its text is not shown' }),
  ),
})

/** Makes a token, and answers with it and the text that is shown this once. */
export async function makeToken(deps: TokenDeps, input: CreateInput): Promise<Reply> {
  const { token, text } = await createToken(deps, input)
  const headers = { etag: etagOf(token.version), location: `/v1/tokens/${token.id}` }
  const view = { token: tokenView(token), access_token: text }
  const note = token.permissions === null ? { note: NOT_NARROWED } : {}
  return text === null
    ? { status: 200, headers, body: { ...view, note: REPEATED } }
    : { headers, body: { ...view, ...note } }
}

function list(deps: TokenDeps): Endpoint {
  const { limit, cursor, include_inactive } = PagingQuery
  return endpoint({
    route: 'GET /tokens',
    permission: 'tokens.read',
    summary: 'The tokens you may see, newest first',
    tag: TAG,
    query: Type.Object({
      limit,
      cursor,
      include_inactive,
      offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0 })),
    }),
    reply: Type.Object({
      tokens: Type.Array(TokenView),
      total: Type.Integer(),
      limit: Type.Integer(),
      offset: Type.Integer(),
      nextCursor: Type.Union([Type.String(), Type.Null()]),
    }),
    handle: async ({ query, principal }) => {
      const request = pageRequest(query, principal)
      const offset = query.offset ?? 0
      const { rows, next, total } = await deps.store.page(request, {
        userId: principal.isAdmin ? null : principal.userId,
        offset,
      })
      const nextCursor = next === null ? null : makeCursor(next, principal)
      const tokens = rows.map((token) => tokenView(token))
      return { body: { tokens, total, limit: request.limit ?? 0, offset, nextCursor } }
    },
  })
}

function read(deps: TokenDeps): Endpoint {
  return endpoint({
    route: 'GET /tokens/{id}',
    permission: 'tokens.read',
    summary: 'One token',
    tag: TAG,
    params: IdParams,
    reply: TokenView,
    handle: async ({ params, principal }) => {
      const token = visible(
        await deps.store.seen(tokenId(params.id), principal.visibilityClass),
        principal,
        'tokens.read',
      )
      return { headers: { etag: etagOf(token.version) }, body: tokenView(token) }
    },
  })
}

function update(deps: TokenDeps): Endpoint {
  return endpoint({
    route: 'PUT /tokens/{id}',
    permission: 'tokens.update',
    summary: 'Renames, describes, tags, narrows, switches off or on',
    tag: TAG,
    params: IdParams,
    query: Type.Object(DryRunQuery),
    body: TokenUpdate,
    reply: TokenView,
    handle: async ({ params, query, body, grant, ifMatch }) => {
      const input = { id: tokenId(params.id), body, grant, ifMatch }
      if (query.dry_run === true) return await foreseeTokenChange(deps, input)
      const token = await updateToken(deps, input)
      return { headers: { etag: etagOf(token.version) }, body: tokenView(token) }
    },
  })
}

function revoke(deps: TokenDeps): Endpoint {
  return endpoint({
    route: 'DELETE /tokens/{id}',
    permission: 'tokens.revoke',
    summary: 'Revokes a token for good',
    tag: TAG,
    params: IdParams,
    query: Type.Object(DryRunQuery),
    body: TokenRevoke,
    reply: Type.Null(),
    status: 204,
    handle: async ({ params, query, body, grant, ifMatch }) => {
      const input = { id: tokenId(params.id), reason: body.reason ?? null, grant, ifMatch }
      if (query.dry_run === true) return await foreseeRevocation(deps, input)
      await revokeToken(deps, input)
      return { body: undefined }
    },
  })
}

/** The dashed form of an id is a token's too. */
export function tokenId(text: string): TokenId {
  return idOf(TokenId, text.toLowerCase().replaceAll('-', ''), 'Token')
}
