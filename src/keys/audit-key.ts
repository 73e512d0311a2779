import { randomBytes } from 'node:crypto'
import type { Sealer } from '#/access/sealing.ts'

/** What records of the audit log are sealed with from a moment on. */
export interface AuditKey {
  /** Of two the later is the greater: what was retired does not come back. */
  readonly id: string
  readonly key: Buffer
  /** As it is kept in the database. */
  readonly sealed: string
}

/** A key that follows this one; null: the first. */
export type MakeAuditKey = (before: string | null) => AuditKey

export interface AuditKeyStore {
  /** Begins to seal the log, unless it is sealed. Answers the number of the record after which it is; null: it was before. */
  begin(make: MakeAuditKey): Promise<number | null>
}

/** For what ties a key to its place in the database. */
export const AUDIT_KEY = 'audit-key:'

const COUNT = 8

/** Eight digits that count, then what nobody guesses. */
export function auditKeyMaker(sealer: Pick<Sealer, 'seal'>): MakeAuditKey {
  return (before) => {
    const count = before === null ? 1 : Number.parseInt(before.slice(0, COUNT), 16) + 1
    const id = count.toString(16).padStart(COUNT, '0') + randomBytes(12).toString('hex')
    const key = randomBytes(32)
    return { id, key, sealed: sealer.seal(AUDIT_KEY + id, key) }
  }
}
