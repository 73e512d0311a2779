/** A logger for tests that only want to know about defects. */
export const quiet = { info: () => undefined, warn: () => undefined, error: console.error }

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** A logger that keeps what it is told. */
export function recordingLog() {
  const lines: LogLine[] = []
  const at = (level: LogLine['level']) => (fields: object, message: string) => {
    lines.push({ level, fields: { ...fields }, message })
  }
  return { lines, info: at('info'), warn: at('warn'), error: at('error') }
}
