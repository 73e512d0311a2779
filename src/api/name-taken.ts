import { GatewayError } from '#/errors/gateway-error.ts'

/** Names are one for all, and what bears one may be hidden from who asks: then nothing is said of it, neither whose it is nor what. */
export function nameTaken(field: string, cause: unknown): GatewayError {
  return new GatewayError('conflict', `the ${field} is taken: choose another`, { cause, field })
}
