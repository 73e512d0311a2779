import { isDeepStrictEqual } from 'node:util'
import { allow, type Grant } from '#/access/allow.ts'
import type { GatewayId } from '#/access/ids.ts'
import { requireMachineRight } from '#/access/machine-right.ts'
import { movedPlace } from '#/access/place.ts'
import { ownSight } from '#/access/visibility.ts'
import type { Principal } from '#/access/principal.ts'
import type { Permission } from '#/access/permissions.ts'
import { preconditionFailed } from '#/api/conditional.ts'
import type { Place } from '#/api/place.ts'
import { refuseFirst } from '#/api/placed.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { diffOf } from './apply-discovery.ts'
import { changedFields } from './changed-fields.ts'
import { redeclare, type Declared } from './declaration.ts'
import { dialReach } from './dial-options.ts'
import type { Declaration, Gateway } from './gateway.ts'
import { actorOf, type Actor } from '#/api/actor.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import type { GatewayUpdate } from './gateway-input.ts'
import { gatewayView } from './gateway-view.ts'
import type { Changed, GatewayChange, GatewayWriter, Observation, TakenNames } from './gateway-store.ts'
import { look } from './look.ts'
import { namePrefix, namesFor, renamedItems } from './naming.ts'
import { refusedSlug, slugTaken } from './register.ts'
import { nextCheckIn } from './schedule.ts'
import { stdioReach } from './stdio-declaration.ts'

/** The gateway, where the principal may see it and do this with it. */
export async function gatewayFor<P extends Permission>(
  deps: GatewayDeps,
  id: GatewayId,
  asked: { readonly principal: Principal; readonly permission: P },
): Promise<{ readonly gateway: Gateway; readonly grant: Grant<P, Gateway> }> {
  const absent = (): GatewayError => new GatewayError('not_found', `Gateway not found: ${id}`)
  await refuseFirst(deps.store, { id, ...asked, absent })
  const gateway = await deps.store.seen(id, asked.principal.visibilityClass)
  if (gateway === undefined || !asked.principal.visibilityClass.sees(gateway)) throw absent()
  return { gateway, grant: allow(asked.principal, asked.permission, gateway) }
}

export interface ChangeInput {
  readonly body: GatewayUpdate
  readonly ifMatch: number | null
  readonly renameTools: boolean
  readonly request: RequestContext
}

const ATTEMPTS = 8

/**
 * Changes what is declared. Where the connection is concerned, the upstream is asked first, as at registration. What is written is
 * written over the version it was made from; a race with another writer is run again unless the client said If-Match.
 */
export async function change(
  deps: GatewayDeps,
  { target: first, principal }: Grant<'gateways.update', Gateway>,
  input: ChangeInput,
): Promise<Gateway> {
  if (input.ifMatch !== null && input.ifMatch !== first.version) throw stale(first)
  for (let target = first, attempt = 1; ; attempt++) {
    const changed = await attempted(deps, target, { input, principal })
    if (changed !== undefined || input.ifMatch !== null || attempt === ATTEMPTS)
      return await settled(deps, first.id, changed)
    target = (await gatewayFor(deps, first.id, { principal, permission: 'gateways.update' })).gateway
  }
}

async function attempted(
  deps: GatewayDeps,
  target: Gateway,
  { input, principal }: { readonly input: ChangeInput; readonly principal: Principal },
): Promise<Changed | undefined> {
  const { body, request, renameTools } = input
  const { declaration, headers, relaunches } = redeclared(deps, target, { body, principal })
  await refuseSlug(deps, target, { declaration, principal })
  const { url, transport, caCertificate } = declaration
  const stdio = stdioReach({ id: target.id, version: target.version + 1, trial: true }, declaration.stdio)
  const way = {
    url,
    stdio,
    transport,
    headers,
    caCertificate,
    ...dialReach({ ...declaration, id: target.id }, deps.sealer),
  }
  const looked = redials(target, declaration, body)
    ? await look(deps.discoverer, way, { signal: request.signal })
    : null
  const { observation, renamed } = await planned(deps, { target, declaration, looked, rename: renameTools })
  const change: GatewayChange = {
    id: target.id,
    declaration,
    changed: changedFields(target, declaration, { id: target.id, sealer: deps.sealer }),
    ifMatch: target.version,
    observation,
    moved: url !== target.url || relaunches,
    renamed,
    placeBefore: isSamePlace(declaration, target) ? null : { teamId: target.teamId, visibility: target.visibility },
    nextCheckIn: nextCheckIn({ reachable: observation?.kind !== 'unreachable', failures: 1 }),
  }
  return await updated(deps.store, change, actorOf(principal, request))
}

interface Redeclaring {
  readonly body: GatewayUpdate
  readonly principal: Principal
}

/** A gateway as a body declares it, where the principal may. */
export function redeclared(
  { sealer }: Pick<GatewayDeps, 'sealer'>,
  target: Gateway,
  { body, principal }: Redeclaring,
): Declared & { readonly relaunches: boolean } {
  movedPlace(principal, 'gateways.update', { from: target, asked: body })
  const declared = redeclare(target, { id: target.id, body, sealer })
  const relaunches = !isDeepStrictEqual(declared.declaration.stdio, target.stdio)
  if (relaunches) requireMachineRight(principal)
  return { ...declared, relaunches }
}

/** One that whoever changes it sees has the name that it would have there. What it shares a name with stays as it is until it moves. */
export async function refuseSlug(
  { store }: Pick<GatewayDeps, 'store'>,
  target: Gateway,
  { declaration, principal }: { readonly declaration: Declaration; readonly principal: Principal },
): Promise<void> {
  if (declaration.slug === target.slug && isSamePlace(declaration, target)) return
  const of = { sight: ownSight(principal.visibilityClass.sight), except: target.id }
  if (await store.slugTaken(declaration.slug, of)) throw slugTaken()
}

/** Written, or refused in words. */
export async function updated(
  writer: Pick<GatewayWriter, 'update'>,
  change: GatewayChange,
  actor: Actor,
): Promise<Changed | undefined> {
  try {
    return await writer.update(change, actor)
  } catch (error) {
    throw refusedSlug(error)
  }
}

function isSamePlace(a: Place, b: Place): boolean {
  return a.teamId === b.teamId && a.visibility === b.visibility
}

export function redials(before: Declaration, after: Declaration, body: GatewayUpdate): boolean {
  return (
    before.url !== after.url ||
    !isDeepStrictEqual(before.stdio, after.stdio) ||
    before.transport !== after.transport ||
    before.credential !== after.credential ||
    before.caCertificate !== after.caCertificate ||
    before.clientCert !== after.clientCert ||
    before.clientKey !== after.clientKey ||
    before.httpVersion !== after.httpVersion ||
    body.oneTimeAuth === true
  )
}

const NOTHING_DOUBLED = { tools: [], prompts: [] }

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
  const { teamId, visibility } = declaration
  const place = { ownerId: target.ownerId, teamId, visibility }
  const doubled = isSamePlace(declaration, target) ? NOTHING_DOUBLED : await deps.store.doubled(target.id, place)
  const isDoubled = doubled.tools.length + doubled.prompts.length > 0
  if (!rename && !isDoubled && looked?.kind !== 'found') return { observation: looked, renamed: null }
  const { known, taken } = await deps.store.known(target.id, { prefix: namePrefix(declaration.slug), place })
  const renamed = rename
    ? renamedItems(known, declaration.slug, taken)
    : isDoubled
      ? renamedItems(doubled, declaration.slug, withNames(taken, [...doubled.tools, ...doubled.prompts]))
      : null
  if (looked?.kind !== 'found') return { observation: looked, renamed }
  const diff = diffOf(known, looked.discovery)
  const names = namesFor(diff, declaration.slug, withNames(taken, renamed ?? []))
  return {
    observation: { kind: 'found', discovery: looked.discovery, diff, names },
    renamed,
  }
}

function withNames({ tools, prompts }: TakenNames, renamed: readonly { readonly name: string }[]): TakenNames {
  const names = renamed.map(({ name }) => name)
  return { tools: new Set([...tools, ...names]), prompts: new Set([...prompts, ...names]) }
}

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
