import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Destination } from './sso-login.ts'

const Challenge = Type.String({ minLength: 43, maxLength: 43, pattern: '^[A-Za-z0-9_-]+$', description: 'base64url' })

/** Of a path, so that it leads nowhere else: browsers take // and \\ for the beginning of a host. */
const Page = Type.String({
  maxLength: 1024,
  pattern: '^/(?:[A-Za-z0-9._~!$&()*+,;=:@%?#-][A-Za-z0-9._~!$&()*+,;=:@%/?#-]*)?$',
  description: 'a path of this gateway',
})

/** How a browser says where its sign-in is to end. */
export const DestinationQuery = Type.Object({
  loopback_port: Type.Optional(Type.Integer({ minimum: 1024, maximum: 65_535 })),
  challenge: Type.Optional(Challenge),
  loopback_state: Type.Optional(Challenge),
  page: Type.Optional(Page),
})

export function destinationOf(query: Static<typeof DestinationQuery>): Destination {
  const { loopback_port: port, challenge, loopback_state: state, page } = query
  const isWhole = port !== undefined && challenge !== undefined && state !== undefined
  if (isWhole && page === undefined) return { loopback: { port, challenge, state } }
  if (port === undefined && challenge === undefined && state === undefined) return page === undefined ? null : { page }
  const message = 'loopback_port, challenge and loopback_state belong together, without page: send all of them or none'
  throw new GatewayError('invalid_field', message, { field: 'loopback_port' })
}
