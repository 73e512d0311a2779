import { rotatingSealer, type RotatingSealer } from '#/access/rotating-sealer.ts'
import type { KeyRing, Sealer } from '#/access/sealing.ts'
import type { OpenAuditKey } from '#/audit/seals.ts'
import { readKeyRing, replaceKeyRing } from '#/config/secrets.ts'
import { AUDIT_KEY } from '#/keys/audit-key.ts'
import type { RingKeeper } from '#/keys/keys.ts'
import type { WorkerLink } from '#/supervisor/link.ts'

const TOPIC = 'keys'
const TOLD_MS = 60_000

/** The key ring of this machine: kept in the data folder, exchanged while workers run. `first`: as it was when the machine was prepared. */
export function openKeyRing(
  dataDir: string,
  first: KeyRing,
  link: Pick<WorkerLink, 'tell' | 'onFact'>,
): { readonly keys: RotatingSealer; readonly ring: RingKeeper } {
  const keys = rotatingSealer(first, () => readKeyRing(dataDir))
  // A worker that took another's place is given what the supervisor knew at its own start.
  keys.reload()
  link.onFact(TOPIC, keys.reload)
  return {
    keys,
    ring: {
      read: () => readKeyRing(dataDir),
      replace: (ring) => replaceKeyRing(dataDir, ring),
      tell: () => link.tell({ topic: TOPIC, key: TOPIC, value: true, expiresAt: Date.now() + TOLD_MS, once: true }),
    },
  }
}

/** Opens keys of the audit log, which lie in the database under the ring. */
export function auditKeyOpener(ring: Pick<Sealer, 'open'>): OpenAuditKey {
  return (id, sealed) => ring.open(AUDIT_KEY + id, sealed)
}
