import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const FORM = /^[\w.:@/+=-]{1,128}$/

/** The id that the client chose, where it is short and plain enough for a log, or one of ours. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'] ?? request.headers['x-correlation-id']
  return typeof given === 'string' && FORM.test(given) ? given : randomBytes(16).toString('hex')
}
