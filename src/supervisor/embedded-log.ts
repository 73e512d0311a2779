/** What the embedded database needs of a logger: pino's shape. */
export interface EmbeddedLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** The embedded database cannot start. The message says why and what to do; it is for the operator. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError'
}
