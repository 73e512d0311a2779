/** A start cannot go on. The message says why and what to do; it is for the operator, never for a client. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
