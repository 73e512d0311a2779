import type { GatewayId } from '#/access/ids.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { pause } from '#/lib/backoff.ts'
import type { Changed } from '#/api/actor.ts'
import type { Discoverer } from './discovery.ts'
import type { GatewayReader, GatewayWriter } from './gateway-store.ts'
import type { CredentialSealer } from './declaration.ts'
import type { Gateway } from './gateway.ts'
import { refresh, refreshable } from './refresh.ts'
import { nextCheckIn } from './schedule.ts'

/** A gateway that is due, claimed for whoever asked. */
export interface Due {
  readonly gateway: Gateway
  /** Its refresh interval has passed, or a legacy verdict is a day old. */
  readonly refreshDue: boolean
}

/** What is noted of a look at a gateway: whether it is there, and when to look again. Ends the claim. */
export interface Noted {
  readonly reachable: boolean
  readonly error: string | null
  readonly nextCheckIn: number
  /** Whether that is news: then the catalog is told. */
  readonly flipped: boolean
}

export interface GatewayCare {
  /** Claims gateways that are due and nobody's, for `ms` of the database's clock: one statement. */
  claim(holder: string, claim: { readonly count: number; readonly ms: number }): Promise<readonly Due[]>
  /** Those of them that still are the holder's stay so for `ms` from now: one statement. */
  renew(ids: readonly GatewayId[], holder: string, ms: number): Promise<void>
  /** It is looked after next, whenever it would have been due: one statement. */
  soon(id: GatewayId): Promise<void>
  /** undefined: the claim was lost or the gateway is gone. */
  note(id: GatewayId, holder: string, noted: Noted): Promise<Changed | undefined>
}

export interface CareDeps {
  readonly store: GatewayReader & GatewayWriter & GatewayCare
  readonly discoverer: Discoverer
  readonly sealer: CredentialSealer
  /** Who we are, in claims and leases: unique among all workers that ever lived. */
  readonly holder: string
}

const PROBE_MS = 5_000
const SECOND_LOOK_MS = 1_000

/** Looks after one gateway: a cheap probe where all is well, a discovery where there is something to find out. */
export async function careFor(deps: CareDeps, due: Due, signal: AbortSignal): Promise<void> {
  const { gateway } = due
  const asked = gateway.state.status === 'pending' || !gateway.state.reachable || due.refreshDue
  const error = asked ? await rediscover(deps, gateway, signal) : await probed(deps, gateway, signal)
  if (signal.aborted) return
  // A discovery that went well has noted everything in its own write.
  if (asked && error === null) return
  const reachable = error === null
  const failures = reachable ? 0 : gateway.state.registrationAttempts + 1
  await deps.store.note(gateway.id, deps.holder, {
    reachable,
    error,
    nextCheckIn: nextCheckIn({ reachable, failures }),
    flipped: reachable !== gateway.state.reachable,
  })
}

/** null: it answered and the stored items are what it offers. */
async function rediscover(deps: CareDeps, gateway: Gateway, signal: AbortSignal): Promise<string | null> {
  try {
    const result = await refresh(deps, refreshable(deps, gateway), { signal, actor: null })
    return result.kind === 'found' ? null : result.error
  } catch (cause) {
    return reasonOf(cause)
  }
}

/** One failure is looked at twice: a server that restarts is not yet away. */
async function probed(deps: CareDeps, gateway: Gateway, signal: AbortSignal): Promise<string | null> {
  const { target, known } = refreshable(deps, gateway)
  for (let look = 1; ; look++) {
    try {
      await deps.discoverer.probe(target, known, AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)]))
      return null
    } catch (cause) {
      if (look === 2 || signal.aborted) return reasonOf(cause)
      await pause(SECOND_LOOK_MS, signal).catch(() => {})
    }
  }
}

/** What may be shown of a failure. Ours are thrown on: they say nothing of the upstream. */
function reasonOf(cause: unknown): string {
  const error = GatewayError.from(cause)
  if (error.code === 'internal' || error.code === 'unavailable') throw error
  return error.message
}
