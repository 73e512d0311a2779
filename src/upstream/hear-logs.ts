import { setLevelRequest } from '#/mcp/upstream-requests.ts'
import { nextUpstreamId } from './ids.ts'
import { type Opened, post, type Wire } from './initialize.ts'
import { isObject, parseMessage } from './messages.ts'

/**
 * Asks a legacy server to tell all that it logs, in the background. The level is the session's, which calls of many clients may
 * share: each answer is filtered by what its own client wants to hear.
 */
export async function hearLogs(wire: Wire, { session, message }: Opened): Promise<void> {
  const result = parseMessage(message)?.['result']
  const capabilities = isObject(result) ? result['capabilities'] : undefined
  if (!isObject(capabilities) || !isObject(capabilities['logging'])) return
  const id = nextUpstreamId()
  try {
    await post(wire, session.headers(wire.credentials), { id, body: setLevelRequest(id, 'debug') })
  } catch {
    // Then it logs as much as it always does.
  }
}
