import { randomBytes } from 'node:crypto'
import { sealer, type Sealer } from '#/access/sealing.ts'
import type { AuditDeps } from '#/audit/audit.ts'
import { auditKeyOpener } from '#/keyring.ts'
import { auditKeyMaker } from '#/keys/audit-key.ts'
import { auditKeyStore } from '#/store/audit-key-store.ts'
import { auditStore } from '#/store/audit-store.ts'
import { securityStore } from '#/store/security-store.ts'
import type { Database } from '#/store/store.ts'
import { testDatabase, type TestDatabase, type TestDatabaseOptions } from './database.ts'

/** What the routes of the audit log stand on, for a machine that knows nothing of it yet. */
export function auditParts(db: Database, keys: Sealer): Omit<AuditDeps, 'snapshot'> {
  return {
    reader: auditStore(db),
    security: securityStore(db),
    openKey: auditKeyOpener(keys),
    witness: () => Promise.resolve(null),
  }
}

export interface SealedDatabase extends TestDatabase {
  readonly keys: Sealer
}

/** A database whose logs are sealed from their beginning. */
export async function sealedDatabase(options: TestDatabaseOptions = {}): Promise<SealedDatabase> {
  const keys = sealer({ current: 'k1', keys: new Map([['k1', randomBytes(32)]]) })
  const fresh = await testDatabase({ ...options, auditKey: auditKeyOpener(keys) })
  await auditKeyStore(fresh.db).begin(auditKeyMaker(keys))
  return { ...fresh, keys }
}
