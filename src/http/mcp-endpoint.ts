import type { Authenticate } from './authenticate.ts'
import type { Sealer } from '#/access/sealing.ts'
import { scopeAllowed } from '#/access/scope.ts'
import { allow, allowAny } from '#/access/allow.ts'
import type { Principal } from '#/access/principal.ts'
import type { Calls } from '#/calls/call.ts'
import type { Catalog, Scope } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { Canceller } from '#/lib/canceller.ts'
import type { Deadlines } from '#/lib/deadlines.ts'
import { classify } from '#/mcp/classify.ts'
import { metaOf, paramOf, rawOf, textOf } from '#/mcp/frame-values.ts'
import { LOG_LEVEL } from '#/mcp/meta-keys.ts'
import type { Frame } from '#/mcp/frame.ts'
import { methodIn } from '#/mcp/methods.ts'
import type { Arrival } from './arrival.ts'
import type { Exchange } from './exchange.ts'
import type { FrontRequest } from './front-request.ts'
import { answerList } from './mcp-lists.ts'
import { answerLocally } from './mcp-local.ts'
import { receive, type EntryOptions } from './mcp-entry.ts'
import { refuse } from './mcp-head.ts'
import { challengeOf, type ResourceServer } from './rest-well-known.ts'
import { McpReply } from './mcp-reply.ts'
import type { Session, Sessions } from './session.ts'

export interface McpOptions extends EntryOptions {
  readonly authenticate: Authenticate
  readonly resources: ResourceServer
  /** Whoever was let in, as it is now. Throws where it would not be let in any more. */
  readonly again: (principal: Principal) => Principal
  readonly catalog: Catalog
  readonly calls: Calls
  readonly sessions: Sessions
  readonly sealer: Sealer
  readonly deadlines: Deadlines
  /** Raw JSON of who we are to clients: name and version. */
  readonly serverInfo: Buffer
}

/** Silence after which a waiting call becomes a stream with comments, so that nothing on the way takes it for dead. */
const KEEP_ALIVE_MS = 15_000

/** One MCP endpoint, both eras on one URL: head, identity, place, body, frame, era, method. */
export async function serveMcp(arrival: Arrival, scope: Scope, options: McpOptions): Promise<void> {
  const { request } = arrival
  arrival.challenge = challengeOf(options.resources, scope)
  try {
    // Mostly at once: a turn of waiting would let the body come before anybody listens to it.
    const known = options.authenticate(request, arrival.requestId)
    let principal = known instanceof Promise ? await known : known
    requireEndpoint(principal, scope, options.catalog)
    if (request.method === 'DELETE') return endSession(arrival, { principal, scope, sessions: options.sessions })
    const { current } = options.catalog
    const frame = await receive(arrival, principal, options)
    // A body may take its time, and what was so at its head need not be so any more.
    if (options.catalog.current !== current) {
      principal = options.again(principal)
      requireEndpoint(principal, scope, options.catalog)
    }
    const exchange = frame && understand(arrival, { principal, scope, frame, sessions: options.sessions })
    if (exchange !== undefined) await answer(exchange, options)
  } catch (cause) {
    refuse(arrival, withMethod(cause, request))
  }
}

/** A refusal that names what the method is going to take, too, where the head says which it is: one more token is enough. */
function withMethod(cause: unknown, { headers }: FrontRequest): unknown {
  const method = headers['mcp-method']
  const permission = typeof method === 'string' ? methodIn('modern', method)?.permission : null
  if (!(cause instanceof GatewayError) || !permission || cause.scope?.split(' ').includes(permission) !== false)
    return cause
  return new GatewayError(cause.code, cause.message, { scope: `${cause.scope} ${permission}` })
}

/** The endpoint exists, is enabled, and this principal may use it. */
export function requireEndpoint(principal: Principal, scope: Scope, { current }: Catalog): void {
  const thing =
    scope.kind === 'all' ? null : scope.kind === 'server' ? current.server(scope.id) : current.gateway(scope.id)
  const open = thing === null || (thing?.enabled === true && principal.visibilityClass.sees(thing))
  if (!open || !scopeAllowed(principal, scope.kind, scope.kind === 'all' ? null : scope.id)) {
    throw new GatewayError('endpoint_not_found', 'there is no such MCP endpoint, or it is not visible to you')
  }
  if (thing == null) allowAny(principal, 'servers.use')
  else allow(principal, 'servers.use', thing)
}

interface Received {
  readonly principal: Principal
  readonly scope: Scope
  readonly frame: Frame
  readonly sessions: Sessions
}

/** The exchange behind a body; undefined where it was a notification or response and is done with. */
function understand(arrival: Arrival, { principal, scope, frame, sessions }: Received): Exchange | undefined {
  const { headers } = arrival.request
  const id = frame.id === undefined ? undefined : frame.bytes.subarray(frame.id.start, frame.id.end)
  try {
    const { era, revision } = classify(headers, frame)
    const sessionId = era === 'legacy' && frame.method !== 'initialize' ? headers['mcp-session-id'] : undefined
    const session = typeof sessionId === 'string' ? sessions.open(sessionId, principal, scope) : undefined
    if (frame.kind === 'request' && id !== undefined) {
      return { arrival, principal, scope, frame, era, revision: session?.revision ?? revision, session, id }
    }
    heed(frame, session, sessions)
    arrival.bare(202)
  } catch (cause) {
    refuse(arrival, cause, id)
  }
  return undefined
}

/** The one notification that asks something of us. Others are accepted and mean nothing here. */
export function heed(frame: Exchange['frame'], session: Session | undefined, sessions: Sessions): void {
  if (frame.method !== 'notifications/cancelled' || session === undefined) return
  const requestId = rawOf(frame, paramOf(frame, 'requestId'))?.toString()
  if (requestId !== undefined) sessions.declare({ kind: 'cancelled', session: session.id, requestId })
}

/** Answers from the catalog, from ourselves, or hands over to the hot path. */
export async function answer(exchange: Exchange, options: McpOptions): Promise<void> {
  const { method } = exchange.frame
  try {
    const row = methodIn(exchange.era, method)
    if (row === undefined || row.kind === 'later')
      throw new GatewayError('method_not_found', `the method ${method} is not offered here`)
    if (row.permission !== null) allowAny(exchange.principal, row.permission)
    if (row.kind === 'list') return exchange.arrival.jsonPieces(await answerList(exchange, options))
    if (row.kind === 'local') return answerLocally(exchange, options)
  } catch (cause) {
    return new McpReply(exchange).fail(GatewayError.from(cause))
  }
  relay(exchange, options)
}

/** Hands the exchange to the hot path and ties its life to the caller's. */
function relay(exchange: Exchange, { calls, deadlines, sessions }: McpOptions): void {
  const { arrival, session, era, frame, id, principal, scope, revision } = exchange
  const { response, requestId } = arrival
  const headers = arrival.request.headers as Readonly<Record<string, string | undefined>>
  const canceller = new Canceller()
  const reply = new McpReply(exchange)
  const wantsEvents = headers['accept']?.includes('text/event-stream') ?? false
  const key = session === undefined ? '' : id.toString()
  session?.running.set(key, canceller)
  let quiet = wantsEvents ? deadlines.add(KEEP_ALIVE_MS, keepAlive) : undefined
  function keepAlive(): void {
    reply.keepAlive()
    quiet = deadlines.add(KEEP_ALIVE_MS, keepAlive)
  }
  arrival.atEnd(() => {
    quiet?.[Symbol.dispose]()
    if (session?.running.get(key) === canceller) session.running.delete(key)
    if (!response.writableFinished) canceller.abort(new GatewayError('client_gone', 'the client went away'))
  })
  const logLevel = era === 'modern' ? textOf(frame, metaOf(frame, LOG_LEVEL)) : levelOf(session, sessions)
  const traceparent = headers['traceparent']
  calls.invoke(
    {
      principal,
      scope,
      atEndpoint: true,
      frame,
      revision,
      requestId,
      headers,
      traceparent,
      logLevel,
      wantsEvents,
      canceller,
    },
    reply,
  )
}

/** What a legacy client wants to hear: all, until it says otherwise. */
function levelOf(session: Session | undefined, sessions: Sessions): string {
  return (session && sessions.level(session)) ?? 'debug'
}

interface Ending {
  readonly principal: Principal
  readonly scope: Scope
  readonly sessions: Sessions
}

function endSession(arrival: Arrival, { principal, scope, sessions }: Ending): void {
  const id = arrival.request.headers['mcp-session-id']
  if (typeof id !== 'string')
    throw new GatewayError('method_not_allowed', 'DELETE ends a session: send its Mcp-Session-Id')
  const session = sessions.open(id, principal, scope)
  sessions.declare({ kind: 'ended', session: session.id, until: session.expiresAt })
  arrival.bare(204)
}
