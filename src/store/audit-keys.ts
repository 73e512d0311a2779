import type { OpenAuditKey } from '#/audit/seals.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

/** The key of this id; `sealed` as the database has it. Throws where there is none, or none that our ring opens. */
export type AuditKeyOf = (id: string, sealed: string | null) => Buffer

const MOST = 8

/** Opened once each: a key is needed at every change. */
export function auditKeys(open: OpenAuditKey | undefined): AuditKeyOf {
  const known = new Map<string, Buffer>()
  return (id, sealed) => {
    const name = `${id} ${sealed}`
    const found = known.get(name)
    if (found !== undefined) return found
    if (sealed === null || open === undefined)
      throw new GatewayError('internal', `the audit log's key '${id}' is missing: without it no change can be recorded`)
    const key = open(id, sealed)
    if (known.size >= MOST) known.clear()
    known.set(name, key)
    return key
  }
}
