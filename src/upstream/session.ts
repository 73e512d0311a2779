import { MODERN_REVISION, type Era, type Revision } from '#/mcp/revision.ts'
import { fieldLines } from './http1-write.ts'
import type { CredentialHeaders } from './vault.ts'

/** What a request to a server needs to know beside itself: the agreed revision and, where the server keeps state, the session id. */
export interface Session {
  readonly era: Era
  readonly revision: Revision
  readonly id: string | null
  /** Headers that are the same for every request of the session: name, value, name, value … */
  headers(credentials: CredentialHeaders): readonly string[]
  /** The same as header lines. Throws `invalid_field` for credentials that no header can carry. */
  fields(credentials: CredentialHeaders): string
}

/** A session whose headers are put together once for as long as the credentials stay the same. */
export function createSession(revision: Revision, id: string | null): Session {
  const era: Era = revision === MODERN_REVISION ? 'modern' : 'legacy'
  const own = ['content-type', 'application/json', 'accept', 'application/json, text/event-stream']
  // A modern request says its revision beside its method, for they are compared with its body.
  if (era === 'legacy') own.push('mcp-protocol-version', revision)
  if (id !== null) own.push('mcp-session-id', id)
  let last: CredentialHeaders | undefined
  let joined: readonly string[] = own
  let lines: string | undefined
  const headers = (credentials: CredentialHeaders): readonly string[] => {
    if (credentials === last) return joined
    joined = [...own, ...Object.entries(credentials).flatMap(([name, value]) => [name.toLowerCase(), value])]
    lines = undefined
    last = credentials
    return joined
  }
  return {
    era,
    revision,
    id,
    headers,
    fields(credentials) {
      const wanted = headers(credentials)
      return (lines ??= fieldLines(wanted))
    },
  }
}
