import type { FastifyReply } from 'fastify'
import { htmlPage } from '#/api/html-page.ts'
import type { Refusal } from '#/api/endpoint.ts'
import type { ErrorCode } from '#/errors/codes.ts'
import type { GatewayError } from '#/errors/gateway-error.ts'
import { escapeHtml } from '#/lib/html.ts'
import { asGatewayError, refusalHead, sendError } from './rest-errors.ts'

/** How a route that browsers come to says no: as a page to whoever asks for one, with the same status. */
export function sendRefusal(reply: FastifyReply, cause: unknown, { title, headers }: Refusal): FastifyReply {
  const error = asGatewayError(cause)
  reply.headers(headers?.(error) ?? {})
  if (!wantsPage(reply.request.headers.accept)) return sendError(reply, error)
  const page = htmlPage({ title, content: contentOf(error, reply.request.id) })
  return refusalHead(reply, error).headers(page.headers).send(page.body)
}

/** Browsers that go somewhere list HTML; programs do not, or list JSON beside it. */
function wantsPage(accept = ''): boolean {
  return /\btext\/html\b/i.test(accept) && !/\bjson\b/i.test(accept)
}

function contentOf(error: GatewayError, requestId: string): string {
  const { code, message } = error.toPublic()
  const { field = '' } = error
  const said = code === 'invalid_field' ? fieldNamed(message, field) : sentence(message)
  return `<p>${escapeHtml(said)}</p>
<p>${escapeHtml(whatToDo(error))}</p>${beginAgain(error)}
<p class="meta">Request <code>${escapeHtml(requestId)}</code></p>`
}

const fieldNamed = (message: string, field: string): string =>
  message.includes(field) ? message : `${field}: ${message}`

function sentence(message: string): string {
  const text = message.slice(0, 1).toUpperCase() + message.slice(1)
  return /[.!?]$/.test(text) ? text : `${text}.`
}

const BEGIN_AGAIN = 'Go back to where you began, a terminal or a page, and begin again.'

const BY_CODE: Partial<Record<ErrorCode, string>> = {
  forbidden: 'An administrator of this gateway can help: tell them your address, and the request below.',
  not_found: 'An administrator of this gateway can help: tell them the request below.',
  internal: 'Try again; if it happens again, tell an administrator of this gateway the request below.',
}

function whatToDo({ code, retryAfter, data }: GatewayError): string {
  if (retryAfter === undefined) return BY_CODE[code] ?? BEGIN_AGAIN
  const isSpent = data?.['begin_at'] !== undefined
  return `Wait ${Math.max(1, Math.ceil(retryAfter))} s, then ${isSpent ? 'begin again' : 'load this page again'}.`
}

/** A link, where the same address would be refused again and the way to begin is known. */
function beginAgain({ data }: GatewayError): string {
  const at = data?.['begin_at']
  return typeof at === 'string' ? `\n<p><a href="${escapeHtml(at)}">Begin again</a></p>` : ''
}
