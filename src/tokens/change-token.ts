import { allow, type Grant } from '#/access/allow.ts'
import type { TokenId } from '#/access/ids.ts'
import type { Rights } from '#/access/narrowing.ts'
import type { Principal } from '#/access/principal.ts'
import { preconditionFailed } from '#/api/conditional.ts'
import { tagsOf } from '#/api/tags.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { actorOf, liveOwn, refuseUnseen } from './create-token.ts'
import { ownedToken, rightsOf, type Token } from './token.ts'
import type { TokenUpdate } from './token-input.ts'
import { narrowed, refuseWider, serverIdIn } from './token-scope.ts'
import type { TokenChange, TokenDeps, TokenWriter, Written } from './token-store.ts'
import { tokenView } from './token-view.ts'

const ATTEMPTS = 3

export interface UpdateInput {
  readonly id: TokenId
  readonly body: TokenUpdate
  readonly grant: Grant<'tokens.update', null>
  readonly ifMatch: number | null
}

/** Renames, describes, tags, narrows, switches off or on. A token can only ever be narrowed, and a revoked one stays as it is. */
export async function updateToken(deps: TokenDeps, input: UpdateInput): Promise<Token> {
  const { target, seq } = await changedToken(deps, deps.store, input)
  await deps.settled(seq)
  return (await deps.store.byId(input.id)) ?? target
}

export async function changedToken(deps: TokenDeps, writer: TokenWriter, input: UpdateInput) {
  for (let attempt = 1; ; attempt++) {
    const { target, change } = await plannedChange(deps, input)
    const written = await writer.update(change, actorOf(input.grant.principal))
    if (written !== undefined) return { target, change, ...written }
    // Somebody else changed it between the look and the write: decide anew about what it is now.
    if (attempt === ATTEMPTS) throw new GatewayError('conflict', 'the token is being changed by others; try again')
  }
}

/** The token as it is now, and what is to be written of it. */
async function plannedChange(
  deps: TokenDeps,
  { id, body, grant: { principal }, ifMatch }: UpdateInput,
): Promise<{ readonly target: Token; readonly change: TokenChange }> {
  const serverId = serverIdIn(body.scope)
  const before = await deps.store.before({
    ownId: principal.tokenId,
    targetId: id,
    serverId,
    by: principal.visibilityClass,
  })
  const target = visible(before.target, principal, 'tokens.update')
  refuseEarlier(target, ifMatch)
  if (serverId !== null) refuseUnseen(before, principal)
  return { target, change: changeOf(target, body, rightsOf(liveOwn(before, principal))) }
}

function changeOf(target: Token, body: TokenUpdate, held: Rights): TokenChange {
  const current = rightsOf(target)
  const rights = narrowed(current, body.scope)
  refuseWider(current, rights, 'it went before')
  const isActive = body.is_active ?? target.isActive
  if (isActive && !target.isActive) refuseWider(held, rights, 'the one that switches it on')
  return {
    id: target.id,
    version: target.version,
    name: body.name ?? target.name,
    description: body.description === undefined ? target.description : body.description,
    rights,
    tags: body.tags === undefined ? target.tags : tagsOf(body.tags),
    isActive,
  }
}

export interface RevokeInput {
  readonly id: TokenId
  readonly reason: string | null
  readonly grant: Grant<'tokens.revoke', null>
  readonly ifMatch: number | null
}

/** Ends a token for good; its row stays. Every worker refuses it within a second. */
export async function revokeToken(deps: TokenDeps, input: RevokeInput): Promise<void> {
  const { seq } = await revokedToken(deps, deps.store, input)
  await deps.settled(seq)
}

export async function revokedToken(deps: TokenDeps, writer: TokenWriter, input: RevokeInput): Promise<Written> {
  const { id, reason, ifMatch, grant } = input
  const { principal } = grant
  const find = async (): Promise<Token> =>
    visible(await deps.store.seen(id, principal.visibilityClass), principal, 'tokens.revoke')
  await find()
  const written = await writer.revoke(id, { reason, ifMatch }, actorOf(grant.principal))
  if (written !== undefined) return written
  refuseEarlier(await find(), ifMatch)
  throw new GatewayError('conflict', 'the token is being changed by others; try again')
}

/** The token, if it is there and the principal may do this to it. What it cannot see is absent. */
export function visible(
  token: Token | undefined,
  principal: Principal,
  permission: 'tokens.read' | 'tokens.update' | 'tokens.revoke',
): Token {
  const owned = token && ownedToken(token)
  if (owned === undefined || !principal.visibilityClass.sees(owned))
    throw new GatewayError('not_found', 'Token not found')
  return allow(principal, permission, owned).target
}

function refuseEarlier(token: Token, ifMatch: number | null): void {
  if (token.revokedAt !== null) throw new GatewayError('conflict', 'Token is already revoked')
  if (ifMatch !== null && ifMatch !== token.version) throw preconditionFailed('token', token.version, tokenView(token))
}
