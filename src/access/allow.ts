import { GatewayError } from '#/errors/gateway-error.ts'
import { decide, type Refusal } from './decide.ts'
import { PERMISSIONS, type Permission } from './permissions.ts'
import type { Owned, Principal } from './principal.ts'

declare const proof: unique symbol

/** Proof that `allow` said yes. No other file can make one. */
export interface Grant<P extends Permission, T> {
  readonly [proof]: P
  readonly principal: Principal
  readonly target: T
  /** The rule that decided, for records and explanations. */
  readonly rule: string
}

/** The rule that lets `principal` use `permission` on `thing`, or null. A pure function; null thing: the permission in general. */
export function can(principal: Principal, permission: Permission, thing: Owned | null): string | null {
  const decision = decide(principal, permission, thing)
  return decision.may ? decision.rule : null
}

/** A permission on a thing that exists. What cannot be seen is absent; what can be seen but not done is forbidden. */
export function allow<P extends Permission, T extends Owned>(
  principal: Principal,
  permission: P,
  target: T,
): Grant<P, T> {
  const decision = decide(principal, permission, target)
  if (!decision.may) throw refused(principal, permission, decision.why)
  return { principal, target, rule: decision.rule } as Grant<P, T>
}

/**
 * A permission without a target: to list, to administer, or to knock at all. Whoever makes or moves a thing asks `requirePlace`
 * besides, because this says only that there is some place where it may.
 */
export function allowAny<P extends Permission>(principal: Principal, permission: P): Grant<P, null> {
  const decision = decide(principal, permission, null)
  if (!decision.may) throw refused(principal, permission, decision.why)
  return { principal, target: null, rule: decision.rule } as Grant<P, null>
}

function refused({ permissions }: Principal, permission: Permission, why: Refusal): GatewayError {
  if (why === 'unseen') return new GatewayError('not_found', 'no such thing, or it is not visible to you')
  const lacking = why === 'no_role' ? 'none of your roles holds here' : 'your token does not hold'
  const message = `this needs the permission ${permission}, which ${lacking}`
  if (why !== 'token_permission') return new GatewayError('forbidden', message)
  // Another token could hold it. Whoever asks for one asks for just what stands here, so what this one holds stands here, too.
  const named = new Set([permission, ...(permissions ?? [])])
  return new GatewayError('forbidden', message, { scope: PERMISSIONS.filter((each) => named.has(each)).join(' ') })
}
