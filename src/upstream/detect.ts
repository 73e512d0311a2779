import { GatewayError } from '#/errors/gateway-error.ts'
import { type Era, MODERN_REVISION, type Revision } from '#/mcp/revision.ts'
import { discoverRequest } from '#/mcp/upstream-requests.ts'
import { httpFailure } from './failures.ts'
import { nextUpstreamId } from './ids.ts'
import { initialize, ownHeaders, post, readResult, type Wire } from './initialize.ts'
import { errorText, isObject, type Json, parseMessage, rpcError } from './messages.ts'
import type { Reply } from './rpc.ts'
import { createSession, type Session } from './session.ts'

export interface Detected {
  readonly era: Era
  readonly revision: Revision
  readonly session: Session
  /** The answer to server/discover or initialize, whole and as it came. */
  readonly message: Buffer
  /** What the verdict rests on, for people. */
  readonly evidence: string
}

/** What server/discover brought: a modern server, or a reason to try `initialize`. Anything else rejects. */
type Verdict = { readonly message: Buffer } | { readonly notModern: string }

const UNSUPPORTED_VERSION = -32022

/**
 * Which era a server speaks, by the rules for clients: a modern question first; an answer to it or the specification's own
 * version error is modern; a refusal of any other kind leads to `initialize`. Credentials that are refused, 5xx and silence say
 * nothing about the era, so they reject.
 */
export async function detect(wire: Wire): Promise<Detected> {
  const verdict = await askModern(wire)
  if ('message' in verdict) {
    const session = createSession(MODERN_REVISION, null)
    const evidence = `answered server/discover with ${MODERN_REVISION}`
    return { era: 'modern', revision: MODERN_REVISION, session, message: verdict.message, evidence }
  }
  const { session, message } = await initialize(wire)
  const evidence = `answered initialize with ${session.revision}; ${verdict.notModern}`
  return { era: 'legacy', revision: session.revision, session, message, evidence }
}

async function askModern(wire: Wire): Promise<Verdict> {
  const id = nextUpstreamId()
  const headers = ownHeaders(wire, createSession(MODERN_REVISION, null), 'server/discover')
  const reply = await post(wire, headers, { id, body: discoverRequest(id, wire.context.us) })
  const parsed = parseMessage(reply.body)
  const error = rpcError(parsed)
  if (error?.code === UNSUPPORTED_VERSION) return otherVersion(error.data)
  if (error !== undefined && isRefusal(reply)) return { notModern: `server/discover: ${errorText(parsed) ?? ''}` }
  if (reply.message === null) {
    const { status } = reply.http
    if (isRefusal(reply) && status !== 401 && status !== 403)
      return { notModern: `server/discover was answered with ${String(status)}` }
    throw httpFailure(reply.http)
  }
  const { message, result } = readResult(reply)
  if (!isDiscovery(result))
    throw new GatewayError('upstream_invalid', 'the server answered server/discover with something that is not MCP')
  return { message }
}

/** A modern server that does not speak our modern revision: it may still speak a legacy one. */
function otherVersion(data: unknown): Verdict {
  const supported = isObject(data) && Array.isArray(data['supported']) ? data['supported'].map(String) : []
  if (supported.includes(MODERN_REVISION))
    throw new GatewayError('upstream_invalid', `the server refuses ${MODERN_REVISION} and lists it as supported`)
  return { notModern: `server/discover: supports only ${supported.join(', ').slice(0, 200) || 'other versions'}` }
}

/** Refused as such: an answer in the JSON-RPC sense, or a 4xx that is not about credentials, load or the way. */
function isRefusal(reply: Reply): boolean {
  const { status } = reply.http
  if (reply.message !== null) return true
  return status >= 400 && status < 500 && ![401, 403, 407, 408, 421, 425, 429].includes(status)
}

/** A question that every modern server answers. Rejects where it is not answered as a modern server does. */
export async function discoverModern(wire: Wire): Promise<void> {
  const verdict = await askModern(wire)
  if ('notModern' in verdict)
    throw new GatewayError('upstream_invalid', `the server no longer speaks ${MODERN_REVISION} (${verdict.notModern})`)
}

function isDiscovery(result: Json): boolean {
  return Array.isArray(result['supportedVersions']) && isObject(result['capabilities'])
}
