import type { GatewayId } from '#/access/ids.ts'
import { openCredential, type CredentialSealer } from './declaration.ts'
import type { Declaration } from './gateway.ts'

interface Opener {
  readonly id: GatewayId
  readonly sealer: Pick<CredentialSealer, 'open'>
}

/** Follow from others, or are part of the credential. */
const DERIVED: ReadonlySet<string> = new Set<keyof Declaration>(['slug', 'authType', 'authHint', 'credential'])

/**
 * The names of what differs, for the audit log: never a value. A credential counts by what it says; sealed anew it reads differently
 * each time.
 */
export function changedFields(before: Declaration, after: Declaration, { id, sealer }: Opener): readonly string[] {
  const names = (Object.keys(after) as (keyof Declaration)[]).filter(
    (name) => !DERIVED.has(name) && JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  )
  const said = ({ authType, credential }: Declaration): string =>
    JSON.stringify([authType, openCredential(id, credential, sealer)])
  return before.credential !== after.credential && said(before) !== said(after) ? [...names, 'credential'] : names
}
