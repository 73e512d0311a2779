export interface CliErrorOptions extends ErrorOptions {
  /** What the gateway called it, or our own word: `failed` unless said. */
  readonly code?: string
  /** The HTTP status, where a gateway answered. */
  readonly status?: number
  /** What else a program may want to know; part of the error in JSON. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** A failure that the person at the keyboard can do something about: printed as a sentence, without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: string | undefined
  readonly status: number | undefined
  readonly details: Readonly<Record<string, unknown>>

  constructor(message: string, { code, status, details = {}, ...options }: CliErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.status = status
    this.details = details
  }
}

/** Why everything ends early: the shell's exit code for the signal that was heard. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly exitCode: number

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`ended by ${signal}`)
    this.exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]
  }
}
