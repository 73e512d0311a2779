import { paramHeaders } from '#/mcp/param-values.ts'
import { upstreamHeaders } from '#/mcp/upstream-requests.ts'
import { writeRequest } from '#/mcp/write-request.ts'
import type { UpstreamContext } from './options.ts'
import type { Session } from './session.ts'
import type { UpstreamRequest } from './upstreams.ts'
import type { CredentialHeaders } from './vault.ts'

interface HttpParts {
  readonly session: Session
  readonly credentials: CredentialHeaders
  readonly upstreamId: number
  readonly context: UpstreamContext
}

/** The bytes of one call: headers and the spliced body. */
export function writeHttp(request: UpstreamRequest, parts: HttpParts): { headers: string[]; body: Buffer } {
  const { session, credentials, upstreamId, context } = parts
  const { frame } = request
  const body = writeRequest({
    frame,
    clientRevision: request.clientRevision,
    upstreamRevision: session.revision,
    upstreamId,
    name: request.name,
    replace: request.replace,
    progressToken: request.wantsProgress,
    logLevel: request.logLevel,
    capabilities: context.us.capabilities,
    clientInfo: context.us.clientInfo,
  })
  const headers = session.headers(credentials).slice()
  headers.push('traceparent', request.traceparent, 'x-request-id', request.requestId)
  const own = session.era === 'modern' ? modernHeaders(request) : NONE
  for (const name in own) headers.push(name.toLowerCase(), own[name] ?? '')
  for (const name in request.passthrough) {
    const value = request.passthrough[name]
    if (value !== undefined && mayPass(name) && !headers.includes(name)) headers.push(name, value)
  }
  return { headers, body }
}

const NONE: Readonly<Record<string, string>> = {}

/** What a modern server compares with the body; always from the body, never from what a client sent. */
function modernHeaders(request: UpstreamRequest): Readonly<Record<string, string>> {
  const { frame } = request
  const mirrored = upstreamHeaders(frame.method, request.name ?? frame.name ?? frame.uri)
  if (request.paramHeaders === null) return mirrored
  return { ...mirrored, ...paramHeaders(frame, request.paramHeaders) }
}

/** Names that no client may set, whatever an operator allows: ours, the connection's, and the client's own credentials. */
const NEVER = new Set([
  'authorization',
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'traceparent',
  'x-request-id',
])

export function mayPass(name: string): boolean {
  return !NEVER.has(name) && (!name.startsWith('mcp-') || name.startsWith('mcp-param-'))
}
