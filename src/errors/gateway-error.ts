import { HeldConnectionError } from '#/lib/held-connection.ts'
import { JsonFault } from '#/lib/json-fault.ts'
import { ERROR_CODES, type ErrorCode } from './codes.ts'

export interface ErrorDetails {
  readonly cause?: unknown
  /** The request field at fault, as the client wrote it: `tool.name`, `params._meta`. */
  readonly field?: string
  /** Seconds after which a retry makes sense; becomes `Retry-After`. */
  readonly retryAfter?: number
  /** The scopes that a token would need, with spaces between them (RFC 6750, 3.1). */
  readonly scope?: string
  /** A token came and is not good: another one may be. */
  readonly isBadToken?: boolean
  /** What the protocol wants in `error.data`, or extra members of the REST envelope. Public. */
  readonly data?: Readonly<Record<string, unknown>>
  /** It ended a call that may have run: nothing in the answer invites to ask again. */
  readonly mayHaveRun?: boolean
}

/** The one error class: a code from the table, a sentence for people that says what to do. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  readonly field: string | undefined
  readonly retryAfter: number | undefined
  readonly data: Readonly<Record<string, unknown>> | undefined
  readonly scope: string | undefined
  readonly isBadToken: boolean
  readonly mayHaveRun: boolean

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const { stackTraceLimit } = Error
    // A stack is for defects. All else says what is the matter, and where thousands a second are refused, it would cost a tenth of it.
    if (code !== 'internal') Error.stackTraceLimit = 0
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    Error.stackTraceLimit = stackTraceLimit
    this.code = code
    this.field = details.field
    this.retryAfter = details.retryAfter
    this.data = details.data
    this.scope = details.scope
    this.isBadToken = details.isBadToken ?? false
    this.mayHaveRun = details.mayHaveRun ?? false
  }

  /** Anything thrown becomes the one error; what we do not know is internal and its cause stays in the log. */
  static from(cause: unknown): GatewayError {
    if (cause instanceof GatewayError) return cause
    if (cause instanceof DOMException && cause.name === 'TimeoutError') {
      return new GatewayError('upstream_timeout', 'the deadline passed', { cause })
    }
    if (cause instanceof JsonFault) return new GatewayError(cause.code, cause.message, { cause })
    if (cause instanceof HeldConnectionError) return new GatewayError('internal', cause.message, { cause })
    return new GatewayError('internal', 'internal error', { cause })
  }

  /** What a stranger may read. */
  toPublic(): { readonly code: ErrorCode; readonly message: string } {
    return { code: this.code, message: ERROR_CODES[this.code].expose ? this.message : 'internal error' }
  }
}
