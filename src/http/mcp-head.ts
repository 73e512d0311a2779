import type { FrontRequest } from './front-request.ts'
import { ERROR_CODES, type ErrorCode } from '#/errors/codes.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { errorBody } from '#/mcp/results.ts'
import { MODERN_REVISION } from '#/mcp/revision.ts'
import type { Arrival } from './arrival.ts'

/** Method and media types. Modern is strict; legacy clients may accept JSON alone, or say nothing. */
export function requireMedia({ method, headers }: FrontRequest): void {
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

/** Errors that only a message of the modern era can have. */
const MODERN_ONLY: ReadonlySet<ErrorCode> = new Set(['header_mismatch', 'unsupported_version', 'invalid_envelope'])

/** A refusal before the method was looked at. `id` where the body was read that far; the era as far as the head tells. */
export function refuse(arrival: Arrival, cause: unknown, id?: Buffer): void {
  const { request, response } = arrival
  const error = GatewayError.from(cause)
  arrival.failed(error)
  if (response.headersSent || response.destroyed) return void response.destroy()
  const isModern = request.headers['mcp-protocol-version'] === MODERN_REVISION || MODERN_ONLY.has(error.code)
  const body = errorBody(error, { id, era: isModern ? 'modern' : 'legacy', method: '' })
  arrival.json(ERROR_CODES[error.code].mcp, body, fieldsOf(error, arrival.challenge))
}

/** What the head says of an error beside its status. */
export function fieldsOf(error: GatewayError, challenge = ''): readonly string[] {
  const { code, retryAfter, mayHaveRun } = error
  if (mayHaveRun) return []
  const asked = challenged(error, challenge)
  const own = asked === undefined ? (FIELDS[code] ?? []) : ['www-authenticate', asked]
  return retryAfter === undefined ? own : [...own, 'retry-after', String(Math.ceil(retryAfter))]
}

/**
 * How a token is got that opens the door (RFC 6750, 3): none does without one or with a bad one, and another may where this one is too
 * narrow. undefined: no token would help.
 */
export function challenged({ code, scope, isBadToken }: GatewayError, challenge = ''): string | undefined {
  if (code !== 'unauthenticated' && scope === undefined) return undefined
  const parts = [
    ...(isBadToken ? ['error="invalid_token"'] : []),
    ...(scope === undefined ? [] : ['error="insufficient_scope"', `scope="${scope}"`]),
    ...(challenge === '' ? [] : [challenge]),
  ]
  return ['Bearer', parts.join(', ')].filter(Boolean).join(' ')
}

const FIELDS: Partial<Record<ErrorCode, readonly string[]>> = {
  method_not_allowed: ['allow', 'POST, DELETE'],
  too_large: ['connection', 'close'],
}
