import { writeRequest } from '#/mcp/write-request.ts'
import { addModernHeaders } from './modern-headers.ts'
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

/** Requests from server to client are not relayed yet, so none is invited. */
const NO_CAPABILITIES = Buffer.from('{}')

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
    capabilities: NO_CAPABILITIES,
    clientInfo: context.clientInfoJson,
  })
  const headers = session.headers(credentials).slice()
  headers.push('traceparent', request.traceparent, 'x-request-id', request.requestId)
  for (const name in request.passthrough) {
    const value = request.passthrough[name]
    if (value !== undefined && mayPass(name)) headers.push(name, value)
  }
  if (session.era === 'modern') addModernHeaders(request, headers)
  return { headers, body }
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
