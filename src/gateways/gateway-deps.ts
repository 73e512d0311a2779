import type { Principal } from '#/access/principal.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import { provenanceOf } from '#/api/provenance.ts'
import type { CredentialSealer } from './declaration.ts'
import type { Discoverer } from './discovery.ts'
import type { Actor, GatewayReader, GatewayWriter } from './gateway-store.ts'

/** What the use cases of gateways need. */
export interface GatewayDeps {
  readonly store: GatewayReader & GatewayWriter
  readonly discoverer: Discoverer
  readonly sealer: CredentialSealer
  /** Resolves once this worker's snapshot has a change, or soon anyway: a client reads what it wrote. */
  readonly settled: (seq: number | null) => Promise<void>
}

export function actorOf(principal: Principal, request: RequestContext): Actor {
  return { userId: principal.userId, ...provenanceOf(principal, request) }
}
