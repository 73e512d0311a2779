import { GatewayError } from '#/errors/gateway-error.ts'

/** RFC 6750, 2.1: the scheme in any case, then a b64token. */
const FORM = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i
const NAME = 'authorization'
const MAX_LENGTH = 8192

/**
 * The bearer token of a request, from the headers as they came (`rawHeaders`: name, value, name, value …). Two Authorization
 * headers are refused: whoever stands before us may have read the other one.
 */
export function bearerOf(rawHeaders: readonly string[]): string {
  let value: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length !== NAME.length || name.toLowerCase() !== NAME) continue
    if (value !== undefined) throw new GatewayError('invalid_request', 'send exactly one Authorization header')
    value = rawHeaders[i + 1] ?? ''
  }
  return bearerIn(value)
}

/** The token in the value of an Authorization header. */
export function bearerIn(value: string | undefined): string {
  if (value === undefined) throw new GatewayError('unauthenticated', 'Authorization token required')
  const token = value.length > MAX_LENGTH ? undefined : FORM.exec(value)?.[1]
  if (token === undefined) {
    const message = 'Authorization token required: send "Authorization: Bearer <token>"'
    throw new GatewayError('unauthenticated', message, { isBadToken: /^bearer +\S/i.test(value) })
  }
  return token
}
