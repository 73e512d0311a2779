/** RFC 5424 severities as MCP names them, least severe first. */
export const LOG_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export function isLogLevel(value: unknown): value is LogLevel {
  return (LOG_LEVELS as readonly unknown[]).includes(value)
}

/** Whether a message of `level` passes for who asked for `minimum`. An unknown level never does. */
export function isSevereEnough(level: string, minimum: string): boolean {
  const order: readonly string[] = LOG_LEVELS
  const at = order.indexOf(level)
  return at >= 0 && at >= order.indexOf(minimum)
}
