import { writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { destination, pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino'
import { readableLine } from './readable-line.ts'
import { withoutSecrets, withoutUserInfo } from './redact.ts'

/**
 * Structured log: one JSON object a line, or the same for people where a terminal shows it. Fields first, then a fixed sentence;
 * what varies belongs into fields.
 */
export type Logger = PinoLogger

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'

export interface LoggerOptions {
  readonly level: LogLevel
  /** `supervisor`, `w1` … */
  readonly worker: string
  /** Where lines go; standard error unless said otherwise: standard output is for what was asked for. */
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
  return pino(options, to ?? standardError())
}

const STDERR = 2

function standardError(): DestinationStream {
  if (!isatty(STDERR)) return destination({ dest: STDERR, sync: false, minLength: 4096, periodicFlush: 200 })
  return {
    write: (line) => {
      try {
        writeSync(STDERR, readableLine(line))
      } catch {
        // The terminal is gone, and with it those who would read this.
      }
    },
  }
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
