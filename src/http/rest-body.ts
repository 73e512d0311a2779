import type { Edge, Json } from '#/api/edge.ts'
import type { Endpoint } from '#/api/endpoint.ts'
import { refuseAmbiguous } from '#/api/raw-member.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { isObject } from '#/lib/is-object.ts'

/** The body as its endpoint's schema spells it. An absent body is `{}`. */
export function bodyOf(endpoint: Endpoint, bytes: Buffer, edge: Edge): Json {
  const parsed = bytes.length === 0 ? {} : parseJson(bytes, edge.reads(endpoint))
  if (!isObject(parsed)) throw new GatewayError('invalid_field', 'the body must be a JSON object', { field: 'body' })
  return edge.body(endpoint, parsed)
}

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i

/** What a browser makes of a form: every field once. */
export function formOf(bytes: Buffer, type: string | undefined): Json {
  if (type === undefined || !FORM_TYPE.test(type))
    throw new GatewayError('unsupported_media', 'send the body as application/x-www-form-urlencoded, as a form does')
  const fields = new Map<string, string>()
  for (const [field, value] of new URLSearchParams(bytes.toString('utf8'))) {
    if (fields.has(field)) throw new GatewayError('invalid_field', `${field} is there more than once`, { field })
    fields.set(field, value)
  }
  return Object.fromEntries(fields)
}

function parseJson(bytes: Buffer, schema: ReturnType<Edge['reads']>): unknown {
  refuseAmbiguous(bytes, schema)
  return JSON.parse(bytes.toString('utf8'))
}
