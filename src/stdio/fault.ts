/** Why the host has no answer, in the codes of the house. */
export interface Fault {
  readonly code: 'upstream_unreachable' | 'upstream_busy' | 'upstream_invalid' | 'invalid_field' | 'forbidden'
  readonly message: string
  /** Where `code` is invalid_field: what of the launch is wrong. */
  readonly field?: 'command' | 'cwd'
  /** Seconds. */
  readonly retryAfter?: number
  /** The server had the request: it may have run. */
  readonly mayHaveRun?: boolean
}

/** A fault as it is thrown within the host. */
export class StdioFault extends Error {
  override readonly name = 'StdioFault'
  readonly fault: Fault

  constructor(fault: Fault) {
    super(fault.message)
    this.fault = fault
  }
}

export function faultOf(cause: unknown): Fault {
  if (cause instanceof StdioFault) return cause.fault
  return { code: 'upstream_unreachable', message: cause instanceof Error ? cause.message : String(cause) }
}

/** Any text as a header's value: the other end undoes it. */
export function faultHeader(fault: Fault): string {
  return encodeURIComponent(JSON.stringify(fault))
}
