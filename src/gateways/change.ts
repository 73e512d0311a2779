import { allow, type Grant } from '#/access/allow.ts'
import type { GatewayId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import type { Permission } from '#/access/permissions.ts'
import { preconditionFailed } from '#/api/conditional.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { diffOf, type ItemChange } from './apply-discovery.ts'
import { redeclare } from './declaration.ts'
import type { Declaration, Gateway } from './gateway.ts'
import { actorOf } from '#/api/actor.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import type { GatewayUpdate } from './gateway-input.ts'
import { gatewayView } from './gateway-view.ts'
import type { Changed, Observation } from './gateway-store.ts'
import { look } from './look.ts'
import { namePrefix, namesFor, renamedItems } from './naming.ts'
import { constraintOf, nameTaken } from './register.ts'
import { nextCheckIn } from './schedule.ts'

/** The gateway, where the principal may see it and do this with it. */
export async function gatewayFor<P extends Permission>(
  deps: GatewayDeps,
  id: GatewayId,
  asked: { readonly principal: Principal; readonly permission: P },
): Promise<{ readonly gateway: Gateway; readonly grant: Grant<P, Gateway> }> {
  const gateway = await deps.store.byId(id)
  if (gateway === undefined || !asked.principal.visibilityClass.sees(gateway))
    throw new GatewayError('not_found', `Gateway not found: ${id}`)
  return { gateway, grant: allow(asked.principal, asked.permission, gateway) }
}

export interface ChangeInput {
  readonly body: GatewayUpdate
  readonly ifMatch: number | null
  readonly renameTools: boolean
  readonly request: RequestContext
}

/** Changes what is declared. Where the connection is concerned, the upstream is asked first, as at registration. */
export async function change(
  deps: GatewayDeps,
  { target, principal }: Grant<'gateways.update', Gateway>,
  input: ChangeInput,
): Promise<Gateway> {
  if (input.ifMatch !== null && input.ifMatch !== target.version) throw stale(target)
  const { declaration, headers } = redeclare(target, { id: target.id, body: input.body, sealer: deps.sealer })
  const looked = redials(target, declaration, input.body)
    ? await look(
        deps.discoverer,
        { url: declaration.url, headers, caCertificate: declaration.caCertificate },
        { signal: input.request.signal },
      )
    : null
  const { observation, renamed } = await planned(deps, { target, declaration, looked, rename: input.renameTools })
  try {
    const changed = await deps.store.update(
      {
        id: target.id,
        declaration,
        ifMatch: input.ifMatch,
        observation,
        renamed,
        nextCheckIn: nextCheckIn({ reachable: observation?.kind !== 'unreachable', failures: 1 }),
      },
      actorOf(principal, input.request),
    )
    return await settled(deps, target.id, changed)
  } catch (error) {
    throw constraintOf(error) === 'gateways_slug' ? nameTaken(error) : error
  }
}

function redials(before: Declaration, after: Declaration, body: GatewayUpdate): boolean {
  return (
    before.url !== after.url ||
    before.credential !== after.credential ||
    before.caCertificate !== after.caCertificate ||
    body.oneTimeAuth === true
  )
}

interface Planned {
  readonly observation: Observation | null
  readonly renamed: readonly { readonly id: string; readonly name: string }[] | null
}

async function planned(
  deps: GatewayDeps,
  plan: {
    readonly target: Gateway
    readonly declaration: Declaration
    readonly looked: Awaited<ReturnType<typeof look>> | null
    readonly rename: boolean
  },
): Promise<Planned> {
  const { target, declaration, looked } = plan
  const rename = plan.rename && declaration.slug !== target.slug
  if (!rename && looked?.kind !== 'found') return { observation: looked, renamed: null }
  const { known, taken } = await deps.store.known(target.id, namePrefix(declaration.slug))
  const renamed = rename ? renamedItems(known, declaration.slug, taken) : null
  if (looked?.kind !== 'found') return { observation: looked, renamed }
  const diff = diffOf(known, looked.discovery)
  return {
    observation: { kind: 'found', discovery: looked.discovery, diff, names: namesFor(diff, declaration.slug, taken) },
    renamed,
  }
}

export type { ItemChange }

/** The gateway as it is after a change; a change that hit nothing is told as what it is. */
export async function settled(deps: GatewayDeps, id: GatewayId, changed: Changed | undefined): Promise<Gateway> {
  if (changed !== undefined) await deps.settled(changed.seq)
  const gateway = await deps.store.byId(id)
  if (gateway === undefined) throw new GatewayError('not_found', `Gateway not found: ${id}`)
  if (changed === undefined) throw stale(gateway)
  return gateway
}

export function stale(gateway: Gateway): GatewayError {
  return preconditionFailed('the gateway', gateway.version, gatewayView(gateway))
}
