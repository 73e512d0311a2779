import type { IncomingMessage } from 'node:http'
import { ERROR_CODES } from '#/errors/codes.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { errorBody } from '#/mcp/results.ts'
import { MODERN_REVISION } from '#/mcp/revision.ts'
import type { Arrival, Exchange } from './exchange.ts'

/** Method and media types. Modern is strict; legacy clients may accept JSON alone, or say nothing. */
export function requireMedia({ method, headers }: IncomingMessage): void {
  if (method !== 'POST') throw new GatewayError('method_not_allowed', `${method} is not for this endpoint: send a POST`)
  const type = headers['content-type']
  if (type === undefined || !/^application\/json\s*(;|$)/i.test(type)) {
    throw new GatewayError('unsupported_media', 'Content-Type must be application/json')
  }
  const { accept } = headers
  const modern = headers['mcp-protocol-version'] === MODERN_REVISION
  if (modern ? acceptsBoth(accept) : accept === undefined || acceptsJson(accept)) return
  const wanted = modern ? 'both application/json and text/event-stream' : 'application/json'
  throw new GatewayError('not_acceptable', `Accept must list ${wanted}`)
}

function acceptsJson(accept: string): boolean {
  return (
    accept.includes('application/json') ||
    accept.includes('*/*') ||
    accept.includes('application/*') ||
    accept.includes('text/event-stream')
  )
}

function acceptsBoth(accept: string | undefined): boolean {
  if (accept === undefined) return false
  return accept.includes('*/*') || (accept.includes('application/json') && accept.includes('text/event-stream'))
}

const NO_ID = Buffer.from('null')

/** A refusal before the method was looked at. `id` where the body was read that far. */
export function refuse({ response }: Pick<Arrival, 'response'>, cause: unknown, id: Buffer = NO_ID): void {
  const error = GatewayError.from(cause)
  if (response.headersSent || response.destroyed) return void response.destroy()
  const status = ERROR_CODES[error.code].mcp
  if (error.code === 'unauthenticated') response.setHeader('www-authenticate', 'Bearer')
  if (error.code === 'method_not_allowed') response.setHeader('allow', 'POST, DELETE')
  if (error.retryAfter !== undefined) response.setHeader('retry-after', Math.ceil(error.retryAfter))
  if (error.code === 'too_large') response.setHeader('connection', 'close')
  const body = errorBody(error, { id, era: 'modern', method: '' })
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
}

/** The caller's headers, for what the operator lets through, and its trace. */
export function headersForCall({ request }: Exchange): {
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly traceparent: string | undefined
} {
  const headers = request.headers as Readonly<Record<string, string | undefined>>
  return { headers, traceparent: headers['traceparent'] }
}
