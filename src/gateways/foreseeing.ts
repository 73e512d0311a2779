import type { Grant } from '#/access/allow.ts'
import { requireMachineRight } from '#/access/machine-right.ts'
import { movedAlong, type OfferingThing, type Otherwise } from '#/access/otherwise.ts'
import { movedPlace } from '#/access/place.ts'
import { foreseen } from '#/api/dry-run.ts'
import type { Reply } from '#/api/endpoint.ts'
import { isDeepStrictEqual } from 'node:util'
import { redials, stale, type ChangeInput } from './change.ts'
import { redeclare } from './declaration.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import type { Declaration, Gateway } from './gateway.ts'

/** What it would do to give a gateway away, hide it or show it, with what it offers. Refused is what the change is refused for. */
export async function foreseeChange(
  deps: GatewayDeps,
  { target, principal }: Grant<'gateways.update', Gateway>,
  { body, ifMatch }: Pick<ChangeInput, 'body' | 'ifMatch'>,
): Promise<Reply> {
  if (ifMatch !== null && ifMatch !== target.version) throw stale(target)
  movedPlace(principal, 'gateways.update', { from: target, asked: body })
  const { declaration } = redeclare(target, { id: target.id, body, sealer: deps.sealer })
  if (!isDeepStrictEqual(declaration.stdio, target.stdio)) requireMachineRight(principal)
  const notes = redials(target, declaration, body) ? [UNASKED] : []
  return await foreseen(deps, gatewayThen(target, declaration), { asking: principal, notes })
}

const UNASKED = 'the server is asked anew by this change: what it offers then is not known before'

/** A gateway as declared, and as switched. */
export function gatewayThen(target: Gateway, to: Declaration, enabled: boolean = target.enabled): Otherwise {
  const { teamId, visibility, name } = to
  const then: OfferingThing = { id: target.id, name, ownerId: target.ownerId, teamId, visibility, enabled }
  const isMoved = teamId !== target.teamId || visibility !== target.visibility
  return {
    gateways: new Map([[target.id, then]]),
    ...(isMoved && { moved: new Map([[target.id, movedAlong(target, to)]]) }),
  }
}

export const gatewayGone = (id: string): Otherwise => ({ gateways: new Map([[id, null]]) })
