import { GatewayError } from '#/errors/gateway-error.ts'
import { keptHeader } from '#/lib/kept-headers.ts'

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/

/** Headers of one hop (RFC 9110, 7.6.1) and those that frame a message: they are ours to write on each side. */
const HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'accept',
  'accept-encoding',
  'expect',
  'last-event-id',
])

/** What a caller's request must never carry through to an upstream: it is the caller's word to us. */
const PRIVATE = new Set([
  'authorization',
  'cookie',
  'set-cookie',
  'origin',
  'x-request-id',
  'traceparent',
  'tracestate',
])

function checkName(name: string, field: string): string {
  const lower = name.trim().toLowerCase()
  if (!TOKEN.test(lower)) throw refused(field, `${JSON.stringify(name.slice(0, 64))} is not a header name`)
  if (HOP.has(lower)) throw refused(field, `${lower} belongs to one connection and is written by the gateway itself`)
  if (keptHeader(lower) === 'client')
    throw refused(field, `${lower} says who or where a client is, and never goes to an upstream: leave it out`)
  if (lower.startsWith('mcp-'))
    throw refused(field, `${lower} belongs to the protocol and is written by the gateway itself`)
  return lower
}

/** The names of a caller's headers that may go on to an upstream, lower case, each once. */
export function passthroughNames(names: readonly string[], field = 'passthroughHeaders'): readonly string[] {
  const checked = names.map((name) => {
    const lower = checkName(name, field)
    if (PRIVATE.has(lower) || lower.startsWith('x-forwarded-') || lower.startsWith('x-upstream-'))
      throw refused(field, `${lower} must not be passed through`)
    return lower
  })
  return [...new Set(checked)]
}

/** A header that an operator sets for every request to an upstream. */
export function checkUpstreamHeader(name: string, value: string, field: string): void {
  checkName(name, field)
  // Printable, tab, and what lies beyond ASCII in Latin-1: what a header may hold (RFC 9110, 5.5).
  if (value.length > 8192 || !/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value) || value !== value.trim())
    throw refused(field, 'the value is not one that a header can hold')
}

function refused(field: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `${field}: ${why}`, { field })
}
