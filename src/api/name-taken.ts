import { GatewayError } from '#/errors/gateway-error.ts'

/** What took the name a moment ago is not known: nothing is said of it, neither whose it is nor what. */
export function nameTaken(field: string, cause: unknown): GatewayError {
  return new GatewayError('conflict', `the ${field} is taken: choose another`, { cause, field })
}
