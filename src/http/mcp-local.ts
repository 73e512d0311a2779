import type { Catalog, Scope, Snapshot } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { paramOf, textOf } from '#/mcp/frame-values.ts'
import { isLogLevel, LOG_LEVELS } from '#/mcp/log-level.ts'
import type { Method } from '#/mcp/methods.ts'
import { discoverResult, emptyResult, initializeResult, negotiate, type ServerFace } from '#/mcp/results.ts'
import type { Exchange } from './exchange.ts'
import type { Sessions } from './session.ts'

export interface LocalParts {
  readonly sessions: Sessions
  readonly catalog: Pick<Catalog, 'current'>
  readonly serverInfo: Buffer
}

type Local = (exchange: Exchange, parts: LocalParts) => void

/** The methods that need no upstream. */
const LOCALS: Partial<Record<Method, Local>> = {
  initialize(exchange, parts) {
    const { body, fields } = initialization({ ...exchange, requested: stringParam(exchange, 'protocolVersion') }, parts)
    exchange.arrival.json(200, body, fields)
  },
  'server/discover'({ arrival, id, scope }, { catalog, serverInfo }) {
    arrival.json(200, discoverResult(id, faceOf(scope, catalog.current, serverInfo)))
  },
  ping: ({ arrival, id, era }, { serverInfo }) => arrival.json(200, emptyResult(id, era, serverInfo)),
  'logging/setLevel'(exchange, { sessions, serverInfo }) {
    const { session, arrival, id, era } = exchange
    const level = stringParam(exchange, 'level')
    if (!isLogLevel(level)) {
      throw new GatewayError('invalid_field', `params.level must be one of ${LOG_LEVELS.join(', ')}`, {
        field: 'params.level',
      })
    }
    if (session !== undefined) sessions.declare({ kind: 'level', session: session.id, level, until: session.expiresAt })
    arrival.json(200, emptyResult(id, era, serverInfo))
  },
}

interface Beginning extends Pick<Exchange, 'principal' | 'scope' | 'id'> {
  /** The revision that the client asks for. */
  readonly requested: string
}

/** A session, and what its client is told of whom it is with. */
export function initialization(
  { principal, scope, id, requested }: Beginning,
  { sessions, catalog, serverInfo }: LocalParts,
): { readonly body: Buffer; readonly fields: readonly string[] } {
  const revision = negotiate(requested)
  const body = initializeResult(id, revision, faceOf(scope, catalog.current, serverInfo))
  return { body, fields: ['mcp-session-id', sessions.mint(principal, scope, revision)] }
}

/** Answers one of the methods that the gateway knows by itself. */
export function answerLocally(exchange: Exchange, parts: LocalParts): void {
  const { method } = exchange.frame
  const local = LOCALS[method as Method]
  if (local === undefined) throw new GatewayError('method_not_found', `the method ${method} is not offered here`)
  local(exchange, parts)
}

const OFFERED = ['tools', 'prompts', 'resources', 'completions', 'logging'] as const
const ALL = Buffer.from(JSON.stringify(Object.fromEntries(OFFERED.map((name) => [name, {}]))))

/** What an endpoint says of itself: for a selection what we relay, for one upstream what of it the upstream has. */
function faceOf(scope: Scope, snapshot: Snapshot, serverInfo: Buffer): ServerFace {
  if (scope.kind === 'all') return { serverInfo, capabilities: ALL }
  if (scope.kind === 'server') {
    return { serverInfo, capabilities: ALL, instructions: snapshot.server(scope.id)?.description ?? undefined }
  }
  const gateway = snapshot.gateway(scope.id)
  const instructions = gateway?.instructions ?? undefined
  if (gateway?.capabilities == null) return { serverInfo, capabilities: ALL, instructions }
  const theirs = JSON.parse(gateway.capabilities) as Readonly<Record<string, unknown>>
  const ours = Object.fromEntries(OFFERED.filter((name) => Object.hasOwn(theirs, name)).map((name) => [name, {}]))
  return { serverInfo, capabilities: Buffer.from(JSON.stringify(ours)), instructions }
}

function stringParam({ frame }: Exchange, key: string): string {
  const value = textOf(frame, paramOf(frame, key))
  if (value !== undefined) return value
  throw new GatewayError('invalid_field', `params.${key} is missing: it must be a string`, { field: `params.${key}` })
}
