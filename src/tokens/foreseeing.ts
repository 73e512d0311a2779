import { TokenId } from '#/access/ids.ts'
import type { Rights } from '#/access/narrowing.ts'
import type { Otherwise } from '#/access/otherwise.ts'
import type { LiveToken } from '#/access/principal-of.ts'
import { foreseen } from '#/api/dry-run.ts'
import type { Reply } from '#/api/endpoint.ts'
import { plannedChange, revocable, type RevokeInput, type UpdateInput } from './change-token.ts'
import { plannedToken, type CreateInput } from './create-token.ts'
import type { Token } from './token.ts'
import type { TokenDeps } from './token-store.ts'

/** What a token would be good for. Refused is what making it is refused for. */
export async function foreseeNewToken(deps: TokenDeps, input: CreateInput): Promise<Reply> {
  const { principal } = input.grant
  const { forUser, rights } = await plannedToken(deps, input)
  const made = { id: TokenId.mint(), userId: forUser ?? principal.userId }
  const then = input.body.is_active === false ? {} : tokenThen(made, rights)
  return await foreseen(deps, then, { asking: principal })
}

export async function foreseeTokenChange(deps: TokenDeps, input: UpdateInput): Promise<Reply> {
  const { target, change } = await plannedChange(deps, input)
  const then = change.isActive ? tokenThen(target, change.rights) : tokenGone(target.id)
  return await foreseen(deps, then, { asking: input.grant.principal })
}

export async function foreseeRevocation(deps: TokenDeps, input: RevokeInput): Promise<Reply> {
  const { id } = await revocable(deps, input)
  return await foreseen(deps, tokenGone(id), { asking: input.grant.principal })
}

/** A live token with these rights. */
export function tokenThen({ id, userId }: Pick<Token, 'id' | 'userId'>, rights: Rights): Otherwise {
  const permissions = rights.permissions === null ? null : [...rights.permissions]
  const token: LiveToken = { id, userId, ...rights, permissions }
  return { tokens: new Map([[id, token]]) }
}

export const tokenGone = (id: string): Otherwise => ({ tokens: new Map([[id, null]]) })
