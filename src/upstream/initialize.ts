import { GatewayError } from '#/errors/gateway-error.ts'
import { isRevision, MODERN_REVISION, NEWEST_LEGACY } from '#/mcp/revision.ts'
import { initializedNotification, initializeRequest, upstreamHeaders } from '#/mcp/upstream-requests.ts'
import type { Carrier } from './carrier.ts'
import { httpFailure } from './failures.ts'
import type { UpstreamContext } from './options.ts'
import { ask, type Reply } from './rpc.ts'
import { errorText, isObject, parseMessage } from './messages.ts'
import { createSession, type Session } from './session.ts'
import type { CredentialHeaders } from './vault.ts'
import { nextUpstreamId } from './ids.ts'

/** Where to ask, and as whom. */
export interface Wire {
  readonly carrier: Carrier
  readonly context: UpstreamContext
  readonly credentials: CredentialHeaders
  readonly signal?: AbortSignal
  /** How large one answer may be. */
  readonly maxBytes?: number
}

export interface Opened {
  readonly session: Session
  /** The whole answer to `initialize`, as it came. */
  readonly message: Buffer
}

const MAX_BYTES = 4 << 20

/** Opens a legacy session: `initialize`, then `notifications/initialized`. Rejects with the one error. */
export async function initialize(wire: Wire): Promise<Opened> {
  return await opened(wire, await askToInitialize(wire))
}

/** `initialize`, and whatever came back. */
export function askToInitialize(wire: Wire): Promise<Reply> {
  const id = nextUpstreamId()
  return post(wire, BARE, { id, body: initializeRequest(id, NEWEST_LEGACY, wire.context.us) })
}

/** The session that an answer to `initialize` opens. */
export async function opened(wire: Wire, reply: Reply): Promise<Opened> {
  const { message, result } = readResult(reply)
  const revision = result['protocolVersion']
  if (!isRevision(revision) || revision === MODERN_REVISION)
    throw new GatewayError(
      'upstream_invalid',
      `the server wants protocol version ${JSON.stringify(revision)?.slice(0, 40) ?? 'none'}, which we do not speak`,
    )
  const header = reply.headers.get('mcp-session-id')
  const session = createSession(revision, typeof header === 'string' && header !== '' ? header : null)
  await notify(wire, session, initializedNotification())
  return { session, message }
}

/** Sends a message that has no answer. A refusal is the server's own affair: it shows with the next request. */
export async function notify(wire: Wire, session: Session, body: Buffer): Promise<void> {
  await post(wire, session.headers(wire.credentials), { body })
}

const FAREWELL_MS = 2000

/** Tells the server that the session is over, in the background. Servers need not support it, so its answer does not matter. */
export function endSession({ carrier, context, credentials }: Wire, session: Session): void {
  if (session.id === null) return
  const headers = session.headers(credentials)
  const said = farewell(carrier, context, headers)
  context.farewells.add(said)
  void said.finally(() => context.farewells.delete(said))
}

async function farewell(carrier: Carrier, { deadlines }: UpstreamContext, headers: readonly string[]): Promise<void> {
  try {
    await ask(carrier, deadlines, { method: 'DELETE', headers, body: null, ms: FAREWELL_MS, maxBytes: 65_536 })
  } catch {
    // Gone is gone.
  }
}

/** One JSON-RPC message, and what came back. */
export function post(
  wire: Wire,
  headers: readonly string[],
  message: { readonly body: Buffer; readonly id?: number },
): Promise<Reply> {
  const { carrier, context, credentials, signal } = wire
  const { id, body } = message
  return ask(carrier, context.deadlines, {
    method: 'POST',
    headers: headers === BARE ? [...BARE, ...pairs(credentials)] : headers,
    body,
    id,
    ms: context.limits.exchangeMs,
    maxBytes: wire.maxBytes ?? MAX_BYTES,
    ...(signal && { signal }),
    isAnswer: (bytes) => {
      const parsed = parseMessage(bytes)
      return parsed !== undefined && parsed['method'] === undefined && parsed['id'] === id
    },
  })
}

/** The headers of a request of our own. */
export function ownHeaders(wire: Wire, session: Session, method: string): readonly string[] {
  const headers = session.headers(wire.credentials)
  if (session.era === 'legacy') return headers
  return [...headers, ...Object.entries(upstreamHeaders(method)).flat()]
}

/** The result in a reply, or why there is none. */
export function readResult(reply: Reply): { readonly message: Buffer; readonly result: Record<string, unknown> } {
  const parsed = parseMessage(reply.body)
  const error = errorText(parsed)
  if (reply.message === null) {
    if (error === undefined) throw httpFailure(reply.http)
    throw new GatewayError('upstream_invalid', `the server answered ${String(reply.http.status)}: ${error}`)
  }
  if (error !== undefined) throw new GatewayError('upstream_invalid', `the server refused: ${error}`)
  const result = parsed?.['result']
  if (parsed?.['jsonrpc'] !== '2.0' || !isObject(result))
    throw new GatewayError(
      'upstream_invalid',
      'the server answered JSON that is not MCP; is this its MCP endpoint? It often ends in /mcp',
    )
  return { message: reply.message, result }
}

const BARE = ['content-type', 'application/json', 'accept', 'application/json, text/event-stream']

function pairs(credentials: CredentialHeaders): string[] {
  return Object.entries(credentials).flatMap(([name, value]) => [name, value])
}
