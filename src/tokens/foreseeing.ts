import type { Rights } from '#/access/narrowing.ts'
import type { Otherwise } from '#/access/otherwise.ts'
import type { LiveToken } from '#/access/principal-of.ts'
import { foreseen } from '#/api/dry-run.ts'
import type { Reply } from '#/api/endpoint.ts'
import { changedToken, revokedToken, type RevokeInput, type UpdateInput } from './change-token.ts'
import { madeToken, type CreateInput } from './create-token.ts'
import type { Token } from './token.ts'
import type { TokenDeps } from './token-store.ts'

/** What a token would be good for. Refused is what making it is refused for. */
export async function foreseeNewToken(deps: TokenDeps, input: CreateInput): Promise<Reply> {
  const { principal } = input.grant
  const { made, repeated } = await madeToken(deps, deps.rehearsal, input)
  const userId = made.forUser ?? principal.userId
  const then = repeated || !made.isActive ? {} : tokenThen({ id: made.id, userId }, made.rights)
  return await foreseen(deps, then, { asking: principal })
}

export async function foreseeTokenChange(deps: TokenDeps, input: UpdateInput): Promise<Reply> {
  const { target, change } = await changedToken(deps, deps.rehearsal, input)
  const then = change.isActive ? tokenThen(target, change.rights) : tokenGone(target.id)
  return await foreseen(deps, then, { asking: input.grant.principal })
}

export async function foreseeRevocation(deps: TokenDeps, input: RevokeInput): Promise<Reply> {
  await revokedToken(deps, deps.rehearsal, input)
  return await foreseen(deps, tokenGone(input.id), { asking: input.grant.principal })
}

/** A live token with these rights. */
export function tokenThen({ id, userId }: Pick<Token, 'id' | 'userId'>, rights: Rights): Otherwise {
  const permissions = rights.permissions === null ? null : [...rights.permissions]
  const token: LiveToken = { id, userId, ...rights, permissions }
  return { tokens: new Map([[id, token]]) }
}

export const tokenGone = (id: string): Otherwise => ({ tokens: new Map([[id, null]]) })
