import type { Edge } from '#/api/edge.ts'
import type { Endpoint, Reply } from '#/api/endpoint.ts'
import { isObject } from '#/lib/is-object.ts'
import { cleanBody, readSchema, respelled } from './bodies.ts'
import { refuseQuerySlips, refuseSlips } from './careful.ts'
import { snakeEntity } from './casing.ts'
import { problemOf } from './problems.ts'
import { QUIRKS, type Quirks } from './quirks.ts'

const NONE: Quirks = {}
const quirksOf = ({ route }: Endpoint): Quirks => QUIRKS.get(route) ?? NONE

/** Every form that clients of such gateways send, and the answers that they look for. */
export const lenientEdge: Edge = {
  endpoints: (declared) => declared.flatMap((endpoint) => known(endpoint, quirksOf(endpoint))),
  reads: (endpoint) => readSchema(endpoint, quirksOf(endpoint)),
  body(endpoint, said) {
    if (endpoint.body === undefined) return said
    const body = cleanBody(endpoint.body, said, quirksOf(endpoint))
    refuseSlips(endpoint, body)
    return body
  },
  query(endpoint, said) {
    const query = endpoint.query === undefined ? said : respelled(endpoint.query, said)
    refuseQuerySlips(endpoint, query)
    return query
  },
  reply: (endpoint, reply) => answered(reply, quirksOf(endpoint)),
  problem: problemOf,
}

function known(endpoint: Endpoint, { wrapper, status, alias, unsaid = [] }: Quirks): readonly Endpoint[] {
  const wrapped = wrapper === undefined ? '' : `Also accepted as \`{"${wrapper}": {…}}\`.`
  const empty = unsaid.map((members) => `An empty list as \`${members.join('.')}\` is as if it were left out.`)
  const description = [endpoint.description, wrapped, ...empty].filter(Boolean).join(' ')
  const met = {
    ...endpoint,
    ...(description === '' ? {} : { description }),
    ...(status === undefined ? {} : { status }),
  }
  return alias === undefined ? [met] : [met, { ...met, route: alias, description: `The same as ${endpoint.route}.` }]
}

function answered(reply: Reply, { snake }: Quirks): Reply {
  const { body } = reply
  if (snake === undefined || !isObject(body)) return reply
  const entity = body[snake]
  return isObject(entity) ? { ...reply, body: { ...body, [snake]: snakeEntity(entity) } } : reply
}
