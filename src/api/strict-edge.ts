import type { Edge } from './edge.ts'
import { requireKnown } from './known-fields.ts'

/** The clean form and nothing else: what an endpoint does not declare is refused. */
export const strictEdge: Edge = {
  endpoints: (declared) => declared,
  reads: ({ body }) => body,
  body(endpoint, body) {
    if (endpoint.body !== undefined) requireKnown(endpoint.body, body, 'body')
    return body
  },
  query(endpoint, query) {
    if (endpoint.query !== undefined) requireKnown(endpoint.query, query, 'query')
    return query
  },
  reply: (_endpoint, reply) => reply,
  problem: (_path, _error, body) => body,
}
