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

function parseJson(bytes: Buffer, schema: ReturnType<Edge['reads']>): unknown {
  refuseAmbiguous(bytes, schema)
  return JSON.parse(bytes.toString('utf8'))
}
