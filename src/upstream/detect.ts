import { GatewayError } from '#/errors/gateway-error.ts'
import type { Target } from '#/gateways/discovery.ts'
import { type Era, MODERN_REVISION, type Revision } from '#/mcp/revision.ts'
import type { Transport } from '#/mcp/transport.ts'
import { discoverRequest } from '#/mcp/upstream-requests.ts'
import { httpFailure } from './failures.ts'
import { nextUpstreamId } from './ids.ts'
import { askToInitialize, opened, ownHeaders, post, readResult, type Wire } from './initialize.ts'
import { errorText, isObject, type Json, parseMessage, rpcError } from './messages.ts'
import type { Reply } from './rpc.ts'
import { createSession, type Session } from './session.ts'
import { carrierTo } from './way.ts'

export interface Detected {
  readonly era: Era
  readonly revision: Revision
  readonly transport: Transport
  readonly session: Session
  /** Over which it answered. */
  readonly wire: Wire
  /** The answer to server/discover or initialize, whole and as it came. */
  readonly message: Buffer
  /** What the verdict rests on, for people. */
  readonly evidence: string
}

/** How a server may be tried over one transport after the other. */
export interface Candidates {
  /** What is declared; null: find out. */
  readonly transport: Transport | null
  readonly over: (transport: Transport) => Wire
}

/** Opens a way to the target for each transport that is tried; disposing closes them all. */
export function candidatesFor(target: Target, rest: Pick<Wire, 'context' | 'signal'>): Candidates & Disposable {
  const carriers = new DisposableStack()
  const { headers: credentials, transport: declared } = target
  return {
    transport: declared,
    over: (transport) => {
      const carrier = carriers.use(carrierTo({ ...target, transport }, rest.context))
      return { ...rest, carrier, credentials }
    },
    [Symbol.dispose]: () => carriers[Symbol.dispose](),
  }
}

/** What server/discover brought: a modern server, or a reason to try `initialize`. Anything else rejects. */
type Verdict = { readonly message: Buffer } | { readonly notModern: string }

const UNSUPPORTED_VERSION = -32022

/**
 * Which era a server speaks, by the rules for clients: a modern question first; an answer to it or the specification's own
 * version error is modern; a refusal of any other kind leads to `initialize`. Credentials that are refused, 5xx and silence say
 * nothing about the era, so they reject. A server that refuses the POST of `initialize` too may be one of 2024-11-05.
 */
export async function detect({ transport, over }: Candidates): Promise<Detected> {
  if (transport === 'SSE') return await declaredSse(over('SSE'))
  const first = transport ?? 'STREAMABLEHTTP'
  const wire = over(first)
  const verdict = await askModern(wire)
  if ('message' in verdict) {
    const session = createSession(MODERN_REVISION, null)
    const evidence = `answered server/discover with ${MODERN_REVISION}`
    const { message } = verdict
    return { era: 'modern', revision: MODERN_REVISION, transport: first, session, wire, message, evidence }
  }
  const reply = await askToInitialize(wire)
  const { status } = reply.http
  if (transport === null && reply.message === null && NO_POST.has(status)) {
    const sse = over('SSE')
    const older = await askToInitialize(sse)
    if (older.message !== null)
      return await legacy(sse, older, { transport: 'SSE', why: `a POST was answered with ${String(status)}` })
  }
  return await legacy(wire, reply, { transport: first, why: verdict.notModern })
}

/** How a server refuses a POST where it only knows GET. */
const NO_POST = new Set([400, 404, 405])

async function declaredSse(wire: Wire): Promise<Detected> {
  const reply = await askToInitialize(wire)
  const { status, contentType } = reply.http
  if (reply.message === null && (status === 200 || NO_POST.has(status))) {
    const what = status === 200 ? contentType || 'something without a content type' : String(status)
    const why = `the server does not speak HTTP+SSE here: it answered GET with ${what}; leave transport out to find out`
    throw new GatewayError('upstream_invalid', why, { field: 'transport' })
  }
  return await legacy(wire, reply, { transport: 'SSE', why: 'HTTP+SSE is declared' })
}

async function legacy(
  wire: Wire,
  reply: Reply,
  { transport, why }: { readonly transport: Transport; readonly why: string },
): Promise<Detected> {
  const { session, message } = await opened(wire, reply)
  const how = transport === 'SSE' ? 'initialize over HTTP+SSE' : 'initialize'
  const evidence = `answered ${how} with ${session.revision}; ${why}`
  return { era: 'legacy', revision: session.revision, transport, session, wire, message, evidence }
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
    if (reply.http.fault === undefined && isRefusal(reply) && status !== 401 && status !== 403)
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
