import { GatewayId } from '#/access/ids.ts'
import { requireMachineRight } from '#/access/machine-right.ts'
import { newPlace } from '#/access/place.ts'
import type { Principal } from '#/access/principal.ts'
import type { Grant } from '#/access/allow.ts'
import { ownSight } from '#/access/visibility.ts'
import type { Idempotency, RequestContext } from '#/api/endpoint.ts'
import { repeatedTarget } from '#/api/idempotency.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { diffOf, NOTHING_KNOWN } from './apply-discovery.ts'
import { declare, type Declared } from './declaration.ts'
import { actorOf } from '#/api/actor.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import { dialReach } from './dial-options.ts'
import type { Declaration, Gateway } from './gateway.ts'
import type { GatewayCreate } from './gateway-input.ts'
import type { Observation, TakenNames } from './gateway-store.ts'
import { look } from './look.ts'
import { namePrefix, namesFor } from './naming.ts'
import { nextCheckIn } from './schedule.ts'
import { stdioReach } from './stdio-declaration.ts'

export interface RegisterInput {
  readonly body: GatewayCreate
  readonly grant: Grant<'gateways.create', null>
  readonly idempotency: Idempotency | null
  readonly request: RequestContext
}

/**
 * Makes a gateway: everything that needs no network is checked first, then the upstream is asked, then all of it is stored in one
 * write. An upstream that does not answer is stored as pending; one that is none is refused and nothing is stored.
 */
export async function register(deps: GatewayDeps, input: RegisterInput): Promise<Gateway> {
  const { id, declared, stdio } = newGateway(deps, input.body, input.grant.principal)
  const { url, transport, caCertificate } = declared.declaration
  const before = await earlier(deps, input, declared.declaration)
  if (before.made !== undefined) return before.made
  const looked = await look(
    deps.discoverer,
    {
      url,
      stdio,
      transport,
      headers: declared.headers,
      caCertificate,
      ...dialReach({ ...declared.declaration, id }, deps.sealer),
    },
    { signal: input.request.signal },
  )
  try {
    return await store(deps, input, { id, declared, observation: observed(declared, looked, before.taken) })
  } catch (error) {
    // The same request may have run beside this one: the winner's gateway is the answer to both.
    const winner = input.idempotency && constraintOf(error) !== undefined ? await earlier(deps, input, null) : undefined
    if (winner?.made !== undefined) return winner.made
    throw refusedSlug(error)
  }
}

/** A gateway as a body declares it, where the principal may. */
export function newGateway({ sealer }: Pick<GatewayDeps, 'sealer'>, body: GatewayCreate, principal: Principal) {
  const id = GatewayId.mint()
  const { teamId, visibility } = newPlace(principal, 'gateways.create', body)
  const declared = declare(id, { ...body, teamId, visibility }, sealer)
  const stdio = stdioReach({ id, version: 1, trial: true }, declared.declaration.stdio)
  if (stdio !== null) requireMachineRight(principal)
  return { id, declared, stdio }
}

interface Earlier {
  /** What the same request made before. */
  readonly made: Gateway | undefined
  readonly taken: TakenNames
}

/**
 * What the same request made before, and the names in use. Throws where the name is taken by what whoever asks sees, so that nobody is
 * dialled for nothing; null: only the request matters.
 */
export async function earlier(
  deps: GatewayDeps,
  { grant, idempotency }: Pick<RegisterInput, 'grant' | 'idempotency'>,
  declaration: Pick<Declaration, 'slug' | 'teamId' | 'visibility'> | null,
): Promise<Earlier> {
  const { userId, visibilityClass } = grant.principal
  const { slug, teamId, visibility } = declaration ?? NOWHERE
  const before = await deps.store.beforeCreate({
    slug,
    sight: ownSight(visibilityClass.sight),
    prefix: namePrefix(slug),
    place: { ownerId: userId, teamId, visibility },
    userId,
    key: idempotency?.key ?? null,
  })
  const target = idempotency === null ? undefined : repeatedTarget(before.remembered, idempotency)
  if (target !== undefined && GatewayId.is(target)) {
    const gateway = await deps.store.byId(target)
    if (gateway === undefined)
      throw new GatewayError('not_found', 'what this Idempotency-Key made has been deleted since; use a new key')
    return { made: gateway, taken: before.taken }
  }
  if (before.slugTaken) throw slugTaken()
  return { made: undefined, taken: before.taken }
}

const NOWHERE = { slug: '', teamId: null, visibility: 'private' } as const

function observed({ declaration }: Declared, looked: Awaited<ReturnType<typeof look>>, taken: TakenNames): Observation {
  if (looked.kind === 'unreachable') return looked
  const diff = diffOf(NOTHING_KNOWN, looked.discovery)
  return { kind: 'found', discovery: looked.discovery, diff, names: namesFor(diff, declaration.slug, taken) }
}

interface Ready {
  readonly id: GatewayId
  readonly declared: Declared
  readonly observation: Observation
}

async function store(
  deps: GatewayDeps,
  { grant, request, idempotency }: RegisterInput,
  { id, declared, observation }: Ready,
): Promise<Gateway> {
  const { declaration } = declared
  const check = nextCheckIn({ reachable: observation.kind === 'found', failures: 1 })
  const { seq, gateway } = await deps.store.create(
    { id, declaration, observation, nextCheckIn: check, idempotency },
    actorOf(grant.principal, request),
  )
  await deps.settled(seq)
  return gateway
}

/** Only what whoever writes sees takes a name, so it may be told: among those that the same people see the database keeps them apart. */
export function slugTaken(cause?: unknown): GatewayError {
  return new GatewayError('conflict', 'Gateway name already exists', { cause, field: 'name' })
}

export function refusedSlug(error: unknown): unknown {
  return constraintOf(error) === 'gateways_slug' ? slugTaken(error) : error
}

/** Which constraint refused a write. */
export function constraintOf(error: unknown): unknown {
  return error instanceof GatewayError && error.code === 'conflict' ? error.data?.['constraint'] : undefined
}
