import { TokenId } from '#/access/ids.ts'
import { ordersOf, principalOf } from '#/access/principal-of.ts'
import type { Owned, Principal } from '#/access/principal.ts'
import { standingOf } from '#/access/standing.ts'
import { knownUser } from '#/catalog/known-user.ts'
import type { Snapshot } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { RoleDeps } from './role.ts'

/** A user as it would come with a token that narrows nothing: for questions about somebody else. */
export async function subjectFor({ store, snapshot, fresh }: RoleDeps, email: string): Promise<Principal> {
  const userId = await store.userId(email)
  if (userId === undefined) throw new GatewayError('not_found', 'User not found', { field: 'user' })
  const known = snapshot()
  // Whom another worker made a moment ago is there, too.
  const now = known.user(userId) === undefined ? await fresh() : known
  const user = knownUser(now, { id: userId })
  const unlimited = { teamId: null, permissions: null, serverId: null, expiresAt: null, limits: null }
  const token = { id: TokenId.mint(), userId, ...unlimited }
  return principalOf(token, user, standingOf(user, ordersOf(now), Date.now()))
}

export const THING_KINDS = ['gateway', 'server', 'tool', 'prompt', 'resource'] as const
export type ThingKind = (typeof THING_KINDS)[number]

/** The thing, where the one who asks sees it. */
export function thingFor(
  snapshot: Snapshot,
  { kind, id }: { readonly kind: ThingKind; readonly id: string },
  asking: Principal,
): Owned {
  const thing = snapshot[kind](id)
  if (thing === undefined || !asking.visibilityClass.sees(thing))
    throw new GatewayError('not_found', `there is no ${kind} ${id.slice(0, 64)}, or it is not visible to you`)
  return thing
}
