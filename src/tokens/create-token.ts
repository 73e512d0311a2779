import type { Grant } from '#/access/allow.ts'
import { isForeign } from '#/access/foreign-tokens.ts'
import { TeamId, TokenId, type UserId } from '#/access/ids.ts'
import type { Rights } from '#/access/narrowing.ts'
import type { Principal } from '#/access/principal.ts'
import { mintToken } from '#/access/token-format.ts'
import type { Idempotency } from '#/api/endpoint.ts'
import { tagsOf } from '#/api/tags.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { emailKey } from '#/lib/email-key.ts'
import { rightsOf, type Token } from './token.ts'
import type { TokenCreate } from './token-input.ts'
import { narrowed, refuseWider, serverIdIn, serverUnknown } from './token-scope.ts'
import type { Actor, Before, TokenDeps, TokenToMake, TokenWriter } from './token-store.ts'

const DAY_MS = 86_400_000

export interface CreateInput {
  readonly body: TokenCreate
  readonly grant: Grant<'tokens.create', null>
  readonly idempotency: Idempotency | null
}

/** The new token. text null: the same Idempotency-Key made it before, and only then its text could be shown. */
export interface CreatedToken {
  readonly token: Token
  readonly text: string | null
}

/** Makes a token that goes no further than the one in hand; what is not asked for is as the one in hand has it. */
export async function createToken(deps: TokenDeps, input: CreateInput): Promise<CreatedToken> {
  const { seq, id, repeated, made } = await madeToken(deps, deps.store, input)
  await deps.settled(seq)
  const token = await deps.store.byId(id)
  if (token === undefined) throw new GatewayError('not_found', 'what this Idempotency-Key made is gone; use a new key')
  return { token, text: repeated ? null : made.secret.text }
}

/** A token as it was written; `repeated`: the same request made it before. */
export async function madeToken(deps: TokenDeps, writer: TokenWriter, input: CreateInput) {
  const { body, grant, idempotency } = input
  const made = {
    ...(await plannedToken(deps, input)),
    id: TokenId.mint(),
    secret: mintToken(),
    name: body.name,
    description: body.description ?? null,
    tags: tagsOf(body.tags ?? []),
    isActive: body.is_active ?? true,
  }
  return { ...(await writer.create(made, idempotency, actorOf(grant.principal))), made }
}

/** Whose it is to be, and how far it is to go. */
async function plannedToken(
  deps: TokenDeps,
  { body, grant: { principal } }: Pick<CreateInput, 'body' | 'grant'>,
): Promise<Pick<TokenToMake, 'forUser' | 'rights'>> {
  const serverId = serverIdIn(body.scope)
  const before = await deps.store.before({
    ownId: principal.tokenId,
    targetId: null,
    serverId,
    by: principal.visibilityClass,
  })
  const own = liveOwn(before, principal)
  if (own.limits?.usage != null)
    throw new GatewayError(
      'forbidden',
      'a token whose calls are limited makes no others: each would count for itself',
      {
        field: 'scope.usage_limits',
      },
    )
  const forUser = await userFor(deps, { body, own, principal })
  if (serverId !== null) refuseUnseen(before, principal)
  return { forUser, rights: wantedRights(body, { ...rightsOf(own), teamId: teamFor(body, own, principal) }) }
}

export function actorOf({ userId, email, tokenId }: Principal): Actor {
  return { userId, email, tokenId }
}

/** The snapshot may be a moment behind: what decides about rights is the token as it is stored now. */
export function liveOwn({ own }: Before, { tokenId }: Principal): Token {
  if (own !== undefined) return own
  if (!isForeign(tokenId)) throw new GatewayError('unauthenticated', 'the token in hand was revoked or has expired')
  const message =
    'this takes a token that was made here: sign in, or use an API token. The one in hand is your identity provider’s'
  throw new GatewayError('forbidden', message)
}

export function refuseUnseen({ server }: Before, principal: Principal): void {
  if (server === undefined || !principal.visibilityClass.sees(server)) throw serverUnknown()
}

function wantedRights(body: TokenCreate, held: Rights): Rights {
  const days = body.expires_in_days ?? null
  const scoped = narrowed(held, body.scope)
  const wanted = days === null ? scoped : { ...scoped, expiresAt: Date.now() + days * DAY_MS }
  refuseWider(held, wanted, 'the one it is made with')
  return wanted
}

interface Asking {
  readonly body: TokenCreate
  readonly own: Token
  readonly principal: Principal
}

/** null: oneself. A token can do no more than its user may, whoever makes it, so administrators make the first one of a user. */
async function userFor(deps: TokenDeps, { body, own, principal }: Asking): Promise<UserId | null> {
  const { user_email: email } = body
  if (!email || emailKey(email) === emailKey(own.userEmail)) return null
  const field = { field: 'user_email' }
  const { isAdmin, permissions, serverId } = principal
  if (!isAdmin || permissions !== null || serverId !== null)
    throw new GatewayError('forbidden', 'tokens are made for oneself, or by administrators', field)
  const userId = await deps.store.userId(email)
  if (userId === undefined) throw new GatewayError('invalid_field', 'there is no such user', field)
  return userId
}

/** A team that the token is narrowed to. Which teams there are is known to their members. */
function teamFor({ team_id: teamId }: TokenCreate, own: Token, { isAdmin, visibilityClass }: Principal): TeamId | null {
  if (!teamId || teamId === own.teamId) return own.teamId
  if (TeamId.is(teamId) && own.teamId === null && (isAdmin || visibilityClass.sight.teams.includes(teamId)))
    return teamId
  throw new GatewayError('invalid_field', 'there is no such team', { field: 'team_id' })
}
