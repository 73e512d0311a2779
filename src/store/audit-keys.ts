import type { OpenAuditKey } from '#/audit/seals.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

/** What records are sealed with, as far as this process has met it. */
export interface AuditKeys {
  /** undefined: it has to be read from the database and opened. */
  known(id: string): Buffer | undefined
  /** `sealed` as the database has it. Throws where there is none, or none that our ring opens. */
  open(id: string, sealed: string | null): Buffer
}

const MOST = 8

/** Opened once each: a key is needed at every change. */
export function auditKeys(openKey: OpenAuditKey | undefined): AuditKeys {
  const all = new Map<string, Buffer>()
  return {
    known: (id) => all.get(id),
    open: (id, sealed) => {
      const found = all.get(id)
      if (found !== undefined) return found
      if (sealed === null || openKey === undefined)
        throw new GatewayError(
          'internal',
          `the audit log's key '${id}' is missing: without it no change can be recorded`,
        )
      const key = openKey(id, sealed)
      if (all.size >= MOST) all.clear()
      all.set(id, key)
      return key
    },
  }
}
