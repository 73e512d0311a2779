import type { FastifyReply } from 'fastify'
import type { Edge } from '#/api/edge.ts'
import type { Arrival } from './arrival.ts'
import { challenged, fieldsOf } from './mcp-head.ts'
import { ERROR_CODES } from '#/errors/codes.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

/** The one error envelope of REST: what went wrong, its code, and the id under which the log knows the request. */
export function errorBody(error: GatewayError, requestId: string): Record<string, unknown> {
  const { code, message } = error.toPublic()
  const said = ERROR_CODES[code].expose
  return {
    detail: message,
    code,
    request_id: requestId,
    ...(said && error.field !== undefined ? { field: error.field } : {}),
    ...(said ? error.data : {}),
  }
}

export function sendError(reply: FastifyReply, cause: unknown): FastifyReply {
  const error = asGatewayError(cause)
  const body = errorBody(error, reply.request.id)
  return refusalHead(reply, error)
    .header('content-type', 'application/json; charset=utf-8')
    .send(Buffer.from(JSON.stringify(edgeOf(reply).problem(reply.request.url, error, body))))
}

/** The status, and what else the head of an answer says of why it is none. */
export function refusalHead(reply: FastifyReply, error: GatewayError): FastifyReply {
  const version = error.code === 'precondition_failed' ? error.data?.['version'] : undefined
  if (typeof version === 'number') reply.header('etag', `"${version}"`)
  if (error.retryAfter !== undefined) reply.header('retry-after', String(Math.max(1, Math.ceil(error.retryAfter))))
  const challenge = challenged(error)
  if (challenge !== undefined) reply.header('www-authenticate', challenge)
  if (error.data?.['password_change_required'] === true) reply.header('x-password-change-required', 'true')
  return reply.code(ERROR_CODES[error.code].http)
}

/** Under which the application keeps its edge. */
export const EDGE_DECORATOR = 'causewayEdge'

function edgeOf(reply: FastifyReply): Edge {
  return reply.server.getDecorator<Edge>(EDGE_DECORATOR)
}

/** The same for what never reaches the framework: refusals at the door, and what the process answers by itself. */
export function refuseInRest(arrival: Arrival, cause: unknown, fields?: readonly string[]): void {
  const { response, requestId } = arrival
  const error = GatewayError.from(cause)
  arrival.failed(error)
  if (response.headersSent || response.destroyed) return void response.destroy()
  const body = Buffer.from(JSON.stringify(errorBody(error, requestId)))
  arrival.json(ERROR_CODES[error.code].http, body, fields ?? fieldsOf(error))
}

/** What the framework throws on its own, in our words. */
const FRAMEWORK: Readonly<Record<string, () => GatewayError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () =>
    new GatewayError('too_large', 'the body is larger than this server accepts (CAUSEWAY_BODY_LIMIT)'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new GatewayError('malformed', 'the body does not have the length that Content-Length says'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => new GatewayError('unsupported_media', 'send the body as application/json'),
  FST_ERR_BAD_URL: () => new GatewayError('malformed', 'the path is not a valid URL path'),
}

export function asGatewayError(cause: unknown): GatewayError {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined
  const known = typeof code === 'string' && Object.hasOwn(FRAMEWORK, code) ? FRAMEWORK[code] : undefined
  return known?.() ?? GatewayError.from(cause)
}
