import type { Grant } from '#/access/allow.ts'
import { movedAlong, type OfferingThing, type Otherwise } from '#/access/otherwise.ts'
import { actorOf } from '#/api/actor.ts'
import { foreseen } from '#/api/dry-run.ts'
import type { Reply } from '#/api/endpoint.ts'
import { redeclared, redials, stale, updated, type ChangeInput } from './change.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import type { Declaration, Gateway } from './gateway.ts'

/**
 * What it would do to give a gateway away, hide it or show it, with what it offers. Refused is what the change is refused for, but for
 * what its server would say; what the gateway offers moves along without being asked, so it is not written for a try.
 */
export async function foreseeChange(
  deps: GatewayDeps,
  { target, principal }: Grant<'gateways.update', Gateway>,
  { body, ifMatch, request }: Omit<ChangeInput, 'renameTools'>,
): Promise<Reply> {
  if (ifMatch !== null && ifMatch !== target.version) throw stale(target)
  const { declaration } = redeclared(deps, target, { body, principal })
  const isAsked = redials(target, declaration, body)
  if (isAsked && declaration.url !== null) await refuseForbidden(deps, declaration.url)
  const change = { id: target.id, declaration, ifMatch, ...BY_ITSELF }
  if ((await updated(deps.rehearsal, change, actorOf(principal, request))) === undefined) throw stale(target)
  return await foreseen(deps, gatewayThen(target, declaration), { asking: principal, notes: isAsked ? [UNASKED] : [] })
}

/** A name that leads nowhere is no reason: such a gateway is kept, and its server asked again. */
async function refuseForbidden({ addresses }: GatewayDeps, url: string): Promise<void> {
  await addresses.check(url).catch((error: unknown) => {
    if (GatewayError.from(error).code === 'forbidden_address') throw error
  })
}

const BY_ITSELF = { changed: [], observation: null, moved: false, renamed: null, placeBefore: null, nextCheckIn: 0 }
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
