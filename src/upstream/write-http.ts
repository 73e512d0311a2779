import type { ParamHeader } from '#/catalog/model.ts'
import { keptHeader } from '#/lib/kept-headers.ts'
import type { Frame } from '#/mcp/frame.ts'
import { paramHeaders } from '#/mcp/param-values.ts'
import { upstreamHeaders } from '#/mcp/upstream-requests.ts'
import { writeRequest } from '#/mcp/write-request.ts'
import { field, type HttpRequest, ownField } from './http1-write.ts'
import type { UpstreamContext } from './options.ts'
import type { Session } from './session.ts'
import type { UpstreamRequest } from './upstreams.ts'
import type { CredentialHeaders } from './vault.ts'

interface HttpParts {
  readonly session: Session
  readonly credentials: CredentialHeaders
  readonly upstreamId: number
  /** Which arguments the server wants beside the body. */
  readonly paramHeaders: readonly ParamHeader[] | null
  readonly context: UpstreamContext
}

/** One call as HTTP: header lines and the spliced body. */
export function writeHttp(request: UpstreamRequest, parts: HttpParts): HttpRequest & { readonly body: Buffer } {
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
  let fields = session.fields(credentials)
  // Both are made of plain characters before they come here.
  fields += `traceparent: ${request.traceparent}\r\nx-request-id: ${request.requestId}\r\n`
  const params = session.era === 'modern' ? modernParams(frame, parts.paramHeaders) : NONE
  if (session.era === 'modern') fields += mirroredFields(request)
  for (const name in params) fields += field(name, params[name] ?? '')
  const { passthrough } = request
  for (const name in passthrough) {
    const value = passthrough[name]
    if (value === undefined || !mayPass(name) || session.headers(credentials).includes(name)) continue
    if (!(name in params)) fields += field(name, value)
  }
  return { method: 'POST', fields, body, id: upstreamId }
}

const NONE: Readonly<Record<string, string>> = { __proto__: null } as never

/** What a modern server compares with the body; always from the body, never from what a client sent. */
function mirroredFields({ frame, name }: UpstreamRequest): string {
  const mirrored = upstreamHeaders(frame.method, name ?? frame.name ?? frame.uri)
  let lines = ''
  for (const each in mirrored) lines += ownField(each, mirrored[each] ?? '')
  return lines
}

/** Of the arguments that the server wants beside the body, by lower-case name. */
function modernParams(frame: Frame, declared: readonly ParamHeader[] | null): Readonly<Record<string, string>> {
  if (declared === null || declared.length === 0) return NONE
  const params: Record<string, string> = { __proto__: null } as never
  for (const [name, value] of Object.entries(paramHeaders(frame, declared))) params[name.toLowerCase()] = value
  return params
}

/** Whether a client may set it, where an operator allows it. What is ours, the connection's, or said of the client itself is not. */
export function mayPass(name: string): boolean {
  return keptHeader(name) === undefined && (!name.startsWith('mcp-') || name.startsWith('mcp-param-'))
}
