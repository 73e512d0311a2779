import { GatewayError } from '#/errors/gateway-error.ts'

/** Failures before anything can have reached the gateway (undici and the system name them). */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

export interface Fault {
  readonly sent: boolean
  readonly why: string
}

/** What a failed fetch tells: whether the request may have reached the gateway, and why it failed. */
export function faultOf(error: unknown): Fault {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const inner = cause instanceof AggregateError ? faultOf(cause.errors[0]) : undefined
  const why = cause instanceof Error && cause.message !== '' ? cause.message : String(error)
  return { sent: inner?.sent ?? !NOT_SENT.has(code), why: inner?.why ?? why }
}

export function notReached(origin: string, why: string): GatewayError {
  return new GatewayError(
    'unavailable',
    `the gateway at ${origin} cannot be reached (${why}): start it with causeway serve, or say where it is with CAUSEWAY_URL`,
  )
}

export function brokeOff(why: string, mayHaveRun: boolean): GatewayError {
  const end = mayHaveRun ? 'it may have been carried out' : 'send it again'
  return new GatewayError('unavailable', `the connection to the gateway broke before the answer (${why}): ${end}`)
}
