import { allowAny } from '#/access/allow.ts'
import type { Snapshot } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { paramValue } from '#/mcp/member.ts'
import { discoverResult, emptyResult, initializeResult, negotiate } from '#/mcp/results.ts'
import type { Exchange } from './exchange.ts'
import { sendJson } from './exchange.ts'
import type { Sessions } from './session.ts'

/** What an endpoint says of itself, from the catalog. */
interface Described {
  readonly serverInfo: { readonly name: string; readonly title?: string; readonly version: string }
  readonly capabilities: Readonly<Record<string, unknown>>
  readonly instructions: string | null
}

const OWN = { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} } as const

/** The endpoint's own description: ours for a selection, the server's (as far as we relay it) for a single upstream. */
export function describe(exchange: Pick<Exchange, 'scope'>, snapshot: Snapshot, version: string): Described {
  const { scope } = exchange
  const serverInfo = { name: 'causeway', version }
  if (scope.kind === 'all') return { serverInfo, capabilities: OWN, instructions: null }
  if (scope.kind === 'server') {
    const server = snapshot.server(scope.id)
    return {
      serverInfo: { ...serverInfo, title: server?.name ?? '' },
      capabilities: OWN,
      instructions: server?.description ?? null,
    }
  }
  const gateway = snapshot.gateway(scope.id)
  const theirs = gateway?.capabilities == null ? OWN : (JSON.parse(gateway.capabilities) as Record<string, unknown>)
  const capabilities = Object.fromEntries(
    Object.keys(OWN)
      .filter((name) => name in theirs)
      .map((name) => [name, {}]),
  )
  return {
    serverInfo: { ...serverInfo, title: gateway?.name ?? '' },
    capabilities,
    instructions: gateway?.instructions ?? null,
  }
}

export interface LocalParts {
  readonly sessions: Sessions
  readonly snapshot: Snapshot
  readonly version: string
}

type Local = (exchange: Exchange, parts: LocalParts) => void

/** The methods that need no upstream. */
export const LOCAL_METHODS: Readonly<Record<string, Local>> = {
  initialize(exchange, { sessions, snapshot, version }) {
    const { principal, scope, response, id } = exchange
    const revision = negotiate(stringParam(exchange, 'protocolVersion'))
    response.setHeader('mcp-session-id', sessions.mint(principal, scope, revision))
    sendJson(response, initializeResult({ id, revision, ...describe(exchange, snapshot, version) }))
  },
  'server/discover'(exchange, { snapshot, version }) {
    sendJson(exchange.response, discoverResult({ id: exchange.id, ...describe(exchange, snapshot, version) }))
  },
  ping: (exchange) => sendJson(exchange.response, emptyResult(exchange.id)),
  'logging/setLevel'(exchange, { sessions }) {
    const level = stringParam(exchange, 'level')
    if (!LEVELS.has(level)) {
      throw new GatewayError('invalid_field', `params.level must be one of ${[...LEVELS].join(', ')}`, {
        field: 'params.level',
      })
    }
    allowAny(exchange.principal, 'tools.read')
    const { session } = exchange
    if (session !== undefined) sessions.declare({ kind: 'level', session: session.id, level, until: session.expiresAt })
    sendJson(exchange.response, emptyResult(exchange.id))
  },
}

const LEVELS: ReadonlySet<string> = new Set([
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
])

function stringParam({ frame }: Exchange, key: string): string {
  const value = paramValue(frame, key)
  if (typeof value !== 'string') {
    throw new GatewayError('invalid_field', `params.${key} is missing: it must be a string`, { field: `params.${key}` })
  }
  return value
}
