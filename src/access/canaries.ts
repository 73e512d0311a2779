import { GatewayError } from '#/errors/gateway-error.ts'
import type { Sealer } from './sealing.ts'

/** A known plain text sealed under one key. */
export interface Canary {
  readonly keyId: string
  readonly sealed: string
}

/** What the check needs of storage. */
export interface CanaryStore {
  /** Adds those that are absent, but only while every stored one is of a key in `keyIds`; answers all that are stored then. */
  settle(canaries: readonly Canary[]): Promise<readonly Canary[]>
}

const PLAIN = 'causeway'

/**
 * Refuses a key ring that cannot open what was sealed into this database: a start with the wrong ring would otherwise store new
 * secrets beside old ones that nothing opens.
 */
export async function checkKeyRing(sealer: Sealer, store: CanaryStore): Promise<void> {
  const own = sealer.keyIds.map((keyId) => ({ keyId, sealed: sealer.seal(purposeOf(keyId), PLAIN, keyId) }))
  const stored = await store.settle(own)
  const missing = stored.filter(({ keyId }) => !sealer.keyIds.includes(keyId)).map(({ keyId }) => `'${keyId}'`)
  if (missing.length > 0) throw refusal(`it lacks the key ${missing.join(', ')}`)
  for (const { keyId, sealed } of stored) {
    if (sealer.tryOpen(purposeOf(keyId), sealed)?.toString() !== PLAIN)
      throw refusal(`its key '${keyId}' is not the one that was used here`)
  }
}

function purposeOf(keyId: string): string {
  return `canary:${keyId}`
}

function refusal(why: string): GatewayError {
  const cure = 'Restore the keys.json that belongs to this database into the data folder, or use an empty database.'
  return new GatewayError('internal', `the key ring does not fit this database: ${why}. ${cure}`)
}
