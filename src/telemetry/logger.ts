import { withoutSecrets, withoutUserInfo } from './redact.ts'
import { destination, pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino'

/** Structured log: one JSON object a line. Fields first, then a fixed sentence; what varies belongs into fields. */
export type Logger = PinoLogger

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'

export interface LoggerOptions {
  readonly level: LogLevel
  /** `supervisor`, `w1` … */
  readonly worker: string
  /** Where lines go; standard output unless said otherwise. */
  readonly to?: DestinationStream
}

export function createLogger({ level, worker, to }: LoggerOptions): Logger {
  const options = {
    level,
    base: { worker },
    messageKey: 'message',
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: withoutSecrets },
    serializers: { err: errorFields },
  }
  return pino(options, to ?? destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: 200 }))
}

interface ErrorFields {
  readonly type: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
  readonly cause?: ErrorFields
}

/** Of an error only what explains it: own properties of a driver's error may hold the parameters of a statement. */
export function errorFields(error: unknown): ErrorFields {
  if (!(error instanceof Error)) return { type: typeof error, message: withoutUserInfo(String(error)) }
  const { code } = error as { code?: unknown }
  return {
    type: error.name,
    message: withoutUserInfo(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: withoutUserInfo(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: errorFields(error.cause) }),
  }
}
