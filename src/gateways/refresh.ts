import type { GatewayId } from '#/access/ids.ts'
import type { Owned } from '#/access/principal.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { type Diff, diffOf, type ItemKind } from './apply-discovery.ts'
import { openCredential } from './declaration.ts'
import { type DialDeclaration, dialReach } from './dial-options.ts'
import type { KnownServer, Reach, Target } from './discovery.ts'
import type { Gateway } from './gateway.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import type { Actor, Changed, Seen } from './gateway-store.ts'
import { look } from './look.ts'
import { namePrefix, namesFor } from './naming.ts'
import { nextCheckIn } from './schedule.ts'
import { stdioReach } from './stdio-declaration.ts'

const ATTEMPTS = 3

export type Refresh =
  | { readonly kind: 'found'; readonly diff: Diff; readonly problems: readonly string[]; readonly seq: number | null }
  | { readonly kind: 'unreachable'; readonly error: string }

export interface RefreshOptions {
  readonly signal: AbortSignal
  readonly actor: Actor | null
  /** Lists that are not to be touched even where the server offers them. */
  readonly leave?: readonly ItemKind[]
}

/** What a refresh needs to know of a gateway; a whole one will do. */
export interface Refreshable extends Seen {
  readonly slug: string
  readonly place: Owned
  readonly target: Target
  readonly known: KnownServer | null
}

/** Asks the upstream anew and makes the stored items what it offers. Runs outside any transaction until the one write. */
export async function refresh(
  deps: Pick<GatewayDeps, 'store' | 'discoverer' | 'sealer'>,
  first: Refreshable,
  options: RefreshOptions,
): Promise<Refresh> {
  let gateway = first
  for (let attempt = 1; ; attempt++) {
    const looked = await look(deps.discoverer, gateway.target, {
      signal: options.signal,
      ...(gateway.known ? { known: gateway.known } : {}),
    })
    if (looked.kind === 'unreachable') return looked
    const { diff, changed } = await apply(deps, gateway, {
      discovery: without(looked.discovery, options.leave),
      options,
    })
    if (changed) return { kind: 'found', diff, problems: looked.discovery.problems, seq: changed.seq }
    if (attempt === ATTEMPTS)
      throw new GatewayError('conflict', 'the gateway kept changing while it was refreshed; try again')
    gateway = await again(deps, gateway.id)
  }
}

type Found = Extract<Awaited<ReturnType<typeof look>>, { kind: 'found' }>['discovery']

function without(discovery: Found, leave: readonly ItemKind[] = []): Found {
  return { ...discovery, ...Object.fromEntries(leave.map((kind) => [kind, null])) }
}

async function apply(
  deps: Pick<GatewayDeps, 'store' | 'discoverer' | 'sealer'>,
  gateway: Refreshable,
  { discovery, options }: { readonly discovery: Found; readonly options: RefreshOptions },
): Promise<{ readonly diff: Diff; readonly changed: Changed | undefined }> {
  const { known, taken } = await deps.store.known(gateway.id, {
    prefix: namePrefix(gateway.slug),
    place: gateway.place,
  })
  const diff = diffOf(known, discovery)
  const changed = await deps.store.applied({
    seen: gateway,
    observation: { kind: 'found', discovery, diff, names: namesFor(diff, gateway.slug, taken) },
    nextCheckIn: nextCheckIn({ reachable: true, failures: 0 }),
    actor: options.actor,
  })
  return { diff, changed }
}

async function again(deps: Pick<GatewayDeps, 'store' | 'discoverer' | 'sealer'>, id: GatewayId): Promise<Refreshable> {
  const gateway = await deps.store.byId(id)
  if (gateway === undefined) throw new GatewayError('not_found', `Gateway not found: ${id}`)
  return refreshable(deps, gateway)
}

export function refreshable(deps: Pick<GatewayDeps, 'sealer'>, gateway: Gateway): Refreshable {
  const { id, slug, version, state } = gateway
  const { era, revision, transport } = state
  const target = targetOf(deps, { ...gateway, stdio: stdioReach({ id, version }, gateway.stdio) })
  const known = era !== null && revision !== null ? { era, revision, transport } : null
  return { id, slug, place: gateway, version, lastRefreshAt: state.lastRefreshAt, known, target }
}

/** How a stored gateway is reached: its credential in the clear, for as long as the request lasts. */
export function targetOf(
  { sealer }: Pick<GatewayDeps, 'sealer'>,
  gateway: Pick<Gateway, 'id' | 'credential' | keyof DialDeclaration> & Reach,
): Target {
  const { id, url, stdio = null, transport, credential, caCertificate } = gateway
  const headers = openCredential(id, credential, sealer) ?? {}
  return { url, stdio, transport, headers, caCertificate, ...dialReach(gateway, sealer) }
}
