import type { Foresee } from '#/api/dry-run.ts'
import type { CredentialSealer } from './declaration.ts'
import type { Discoverer } from './discovery.ts'
import type { GatewayReader, GatewayWriter } from './gateway-store.ts'

/** What the use cases of gateways need. */
export interface GatewayDeps {
  readonly store: GatewayReader & GatewayWriter
  /** Takes back what it writes. */
  readonly rehearsal: GatewayWriter
  readonly discoverer: Discoverer
  readonly sealer: CredentialSealer
  /** Refuses a URL that leads where this gateway may not go, or nowhere. */
  readonly addresses: { check(url: string, signal?: AbortSignal): Promise<void> }
  /** Answers what a change would do. */
  readonly foresee: Foresee
  /** Resolves once this worker's snapshot has a change, or soon anyway: a client reads what it wrote. */
  readonly settled: (seq: number | null) => Promise<void>
}
