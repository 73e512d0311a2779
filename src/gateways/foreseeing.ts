import type { Grant } from '#/access/allow.ts'
import { movedAlong, type OfferingThing, type Otherwise } from '#/access/otherwise.ts'
import { actorOf } from '#/api/actor.ts'
import { foreseen } from '#/api/dry-run.ts'
import type { Reply, RequestContext } from '#/api/endpoint.ts'
import { redeclared, redials, refuseSlug, stale, updated, type ChangeInput } from './change.ts'
import type { Principal } from '#/access/principal.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import type { GatewayCreate } from './gateway-input.ts'
import type { Declaration, Gateway } from './gateway.ts'
import { earlier, newGateway, refusedSlug, type RegisterInput } from './register.ts'

/** What it would do to give a gateway away, hide it or show it, with what it offers. */
export async function foreseeChange(
  deps: GatewayDeps,
  grant: Grant<'gateways.update', Gateway>,
  input: Rehearsing,
): Promise<Reply> {
  const { target, principal } = grant
  const { declaration, isAsked } = await rehearseChange(deps, grant, input)
  return await foreseen(deps, gatewayThen(target, declaration), { asking: principal, notes: isAsked ? [UNASKED] : [] })
}

type Rehearsing = Omit<ChangeInput, 'renameTools'>

/**
 * Refused is what the change is refused for, but for what its server would say. What the gateway offers moves along without being asked,
 * so it is not written for a try.
 */
export async function rehearseChange(
  deps: GatewayDeps,
  { target, principal }: Grant<'gateways.update', Gateway>,
  { body, ifMatch, request }: Rehearsing,
): Promise<{ readonly declaration: Declaration; readonly isAsked: boolean }> {
  if (ifMatch !== null && ifMatch !== target.version) throw stale(target)
  const { declaration } = redeclared(deps, target, { body, principal })
  await refuseSlug(deps, target, { declaration, principal })
  const isAsked = redials(target, declaration, body)
  if (isAsked) await refuseForbidden(deps, declaration, request.signal)
  const change = { id: target.id, declaration, ifMatch, ...BY_ITSELF }
  if ((await updated(deps.rehearsal, change, actorOf(principal, request))) === undefined) throw stale(target)
  return { declaration, isAsked }
}

const BY_ITSELF = { changed: [], observation: null, moved: false, renamed: null, placeBefore: null, nextCheckIn: 0 }

/** What it would do to register a gateway. Refused is what that is refused for, but for what its server would say. */
export async function foreseeNew(deps: GatewayDeps, input: RegisterInput): Promise<Reply> {
  const { grant, idempotency, request } = input
  const { principal } = grant
  const { id, declared } = newGateway(deps, input.body, principal)
  const { declaration } = declared
  const { made } = await earlier(deps, input, declaration)
  if (made !== undefined) return await foreseen(deps, {}, { asking: principal })
  await refuseForbidden(deps, declaration, request.signal)
  const gateway = { id, declaration, observation: NOT_ASKED, nextCheckIn: 0, idempotency }
  await deps.rehearsal.create(gateway, actorOf(principal, request)).catch((cause: unknown) => {
    throw refusedSlug(cause)
  })
  return await foreseen(deps, {}, { asking: principal, notes: [NEW] })
}

const NOT_ASKED = { kind: 'unreachable', error: 'not asked' } as const
const NEW = 'the gateway is new: what it offers is known once it was asked'

/** Refused is what registering it is refused for before anybody is asked. */
export async function rehearseNew(deps: GatewayDeps, body: GatewayCreate, by: By): Promise<void> {
  const { declared } = newGateway(deps, body, by.principal)
  await refuseForbidden(deps, declared.declaration, by.request.signal)
}

interface By {
  readonly principal: Principal
  readonly request: Pick<RequestContext, 'signal'>
}

/** A name that leads nowhere is no reason: such a gateway is kept, and its server asked again. */
async function refuseForbidden({ addresses }: GatewayDeps, { url }: Declaration, signal: AbortSignal): Promise<void> {
  if (url === null) return
  await addresses.check(url, signal).catch((error: unknown) => {
    signal.throwIfAborted()
    if (GatewayError.from(error).code === 'forbidden_address') throw error
  })
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
