/** A failure that the person at the keyboard can do something about: printed as one line, without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError'
  /** What the gateway called it. */
  readonly code: string | undefined

  constructor(message: string, { code, ...options }: ErrorOptions & { readonly code?: string } = {}) {
    super(message, options)
    this.code = code
  }
}
