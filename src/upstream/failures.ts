import { GatewayError } from '#/errors/gateway-error.ts'
import type { Fault } from '#/stdio/fault.ts'
import { reason } from './connect.ts'
import { Http1Fault, Refused } from './http1-fault.ts'

/** How far an exchange had come when its transport failed. */
export type Progress = 'unsent' | 'sent' | 'answering'

/** What went wrong below HTTP, as the one error. */
export function transportFailure(cause: Error, progress: Progress): GatewayError {
  if (cause instanceof GatewayError) return cause
  const fault = cause instanceof Http1Fault ? cause.kind : undefined
  if (fault === 'protocol')
    return new GatewayError('upstream_invalid', 'the server does not answer in HTTP/1.1', { cause })
  if (cause instanceof Refused)
    return new GatewayError('upstream_unreachable', 'the server takes no more requests on this connection', { cause })
  if (progress === 'answering')
    return new GatewayError('upstream_invalid', 'the server broke off in the middle of its answer', { cause })
  const code = codeOf(cause)
  if (fault === 'closed' || code === 'ECONNRESET' || code === 'EPIPE')
    return new GatewayError('upstream_unreachable', 'the server closed the connection without an answer', { cause })
  return new GatewayError('upstream_unreachable', `the connection failed (${reason(cause)})`, { cause })
}

function codeOf(cause: Error): string {
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
}

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly location: string | undefined
  readonly retryAfter: string | undefined
  /** What the host of stdio servers says of one of them. */
  readonly fault?: string | undefined
}

/** An HTTP answer that carries no MCP message, as the one error: what came, and what may be done about it. */
export function httpFailure(answer: HttpAnswer): GatewayError {
  const { status } = answer
  if (answer.fault !== undefined) return stdioFailure(answer.fault)
  if (status === 401 || status === 403)
    return new GatewayError(
      'upstream_invalid',
      `the server refused our credentials (${status}); check the gateway's authentication`,
    )
  if (status >= 300 && status < 400)
    return new GatewayError(
      'upstream_invalid',
      answer.location === undefined
        ? `the server answered ${status} without saying where it moved`
        : `the server redirects to ${answer.location.slice(0, 500)}; register that URL if you trust it`,
    )
  if (status === 202 || status === 204)
    return new GatewayError(
      'upstream_invalid',
      `the server answered ${status}, without the answer the request asks for`,
    )
  if (status === 429 || status === 503)
    return new GatewayError('upstream_busy', `the server is overloaded (${status})`, {
      retryAfter: seconds(answer.retryAfter),
    })
  if (status >= 500) return new GatewayError('upstream_unreachable', `the server answered ${status}`)
  if (status >= 400) return new GatewayError('upstream_invalid', `the server answered ${status}${endpointHint(status)}`)
  return new GatewayError('upstream_invalid', `the server ${notMcp(answer.contentType)}`)
}

function stdioFailure(text: string): GatewayError {
  const { code, message, field, retryAfter } = JSON.parse(decodeURIComponent(text)) as Fault
  return new GatewayError(code, message, { ...(field && { field }), ...(retryAfter && { retryAfter }) })
}

/** What came in place of MCP, for the middle of a sentence. */
export function notMcp(contentType: string): string {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const what = type === 'text/html' ? 'HTML (text/html)' : type === '' ? 'something without a content type' : type
  return `answered ${what}, not MCP; is this the server's MCP endpoint? It often ends in /mcp`
}

function endpointHint(status: number): string {
  return status === 404 || status === 405 ? '; is this its MCP endpoint? It often ends in /mcp' : ''
}

function seconds(value: string | undefined): number {
  const parsed = Number(value)
  return Number.isFinite(parsed) && parsed > 0 ? Math.min(Math.ceil(parsed), 3600) : 1
}
