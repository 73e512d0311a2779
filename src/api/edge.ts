import type { TSchema } from 'typebox'
import type { GatewayError } from '#/errors/gateway-error.ts'
import type { Endpoint, Reply } from './endpoint.ts'

export type Json = Readonly<Record<string, unknown>>

/** What stands between requests as they come and endpoints as they are declared. The nouns behind it know one form only. */
export interface Edge {
  /** The endpoints as clients meet them: statuses, further paths, what is said of their bodies. */
  endpoints(declared: readonly Endpoint[]): readonly Endpoint[]
  /** What of a body is interpreted here, so that nothing in it may be ambiguous. */
  reads(endpoint: Endpoint): TSchema | undefined
  /** A body as its endpoint's schema spells it. Throws `invalid_field` where it cannot be. */
  body(endpoint: Endpoint, body: Json): Json
  query(endpoint: Endpoint, query: Json): Json
  reply(endpoint: Endpoint, reply: Reply): Reply
  /** The error envelope in the forms that clients of this path look at. */
  problem(path: string, error: GatewayError, body: Json): Json
}
