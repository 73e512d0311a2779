import { parseMessage, rpcError } from './messages.ts'
import { valueAt } from './raw-items.ts'
import type { Session } from './session.ts'

/** What servers say, beside the 404 of the specification, to a session that they do not know (any more). */
const SESSION_CODES = new Set([-32000, -32001])
const SESSION_WORDS = /session|initiali[sz]/i

/** Whether a refusal means that our session is gone, so that a new one helps. Only what the server refused to begin. */
export function isSessionFault(session: Session, status: number, body: Buffer): boolean {
  if (session.era !== 'legacy') return false
  if (status === 404) return true
  if (status !== 400) return false
  const error = rpcError(parseMessage(body))
  return error !== undefined && SESSION_CODES.has(error.code) && SESSION_WORDS.test(error.message)
}

/** The body of a refusal as an answer to our request, if it is a JSON-RPC error. Where the server did not know our id, ours is put in. */
export function asAnswer(body: Buffer, upstreamId: number): Buffer | undefined {
  const message = parseMessage(body)
  if (message === undefined || rpcError(message) === undefined) return undefined
  const { id } = message
  if (id === upstreamId) return body
  if (id !== null && id !== undefined) return undefined
  const raw = errorBytes(body)
  if (raw === undefined) return undefined
  return Buffer.concat([Buffer.from(`{"jsonrpc":"2.0","id":${String(upstreamId)},"error":`), raw, Buffer.from('}')])
}

function errorBytes(body: Buffer): Buffer | undefined {
  try {
    const at = valueAt(body, ['error'])
    return at && body.subarray(at.start, at.end)
  } catch {
    return undefined
  }
}
