import type { ErrorCode } from '#/errors/codes.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { HeldConnectionError } from '#/lib/held-connection.ts'

interface Row {
  readonly code: ErrorCode
  readonly message: string
  readonly retryAfter?: number
}

const GONE: Row = { code: 'unavailable', message: 'the database went away; try again', retryAfter: 1 }
const AWAY: Row = { code: 'unavailable', message: 'the database cannot be reached', retryAfter: 1 }
const FULL: Row = { code: 'unavailable', message: 'the database has no resources left for this', retryAfter: 5 }
const LATE: Row = { code: 'unavailable', message: 'the database did not answer in time', retryAfter: 1 }
const LOCKED: Row = { code: 'unavailable', message: 'somebody else is changing this; try again', retryAfter: 1 }
const READ_ONLY: Row = { code: 'unavailable', message: 'the database is read-only', retryAfter: 5 }
const REFUSED: Row = { code: 'unavailable', message: 'the database refuses our sign-in', retryAfter: 5 }
const OURS: Row = { code: 'internal', message: 'internal error' }

/** Every SQLSTATE that can be more than a defect of ours; a two-character row stands for its class. */
export const SQL_STATES: Readonly<Record<string, Row>> = {
  '08': GONE,
  '22': { code: 'invalid_field', message: 'a value is not one that can be stored' },
  '22021': { code: 'invalid_field', message: 'a value holds a character that cannot be stored' },
  '22P05': { code: 'invalid_field', message: 'a value holds a character that cannot be stored' },
  '23502': { code: 'invalid_field', message: 'a value is missing' },
  '23503': { code: 'not_found', message: 'something this refers to does not exist' },
  '23505': { code: 'conflict', message: 'it exists already' },
  '23514': { code: 'invalid_field', message: 'a value is not allowed' },
  '25006': READ_ONLY,
  '25P03': LATE,
  '25P04': LATE,
  '28': REFUSED,
  '3D000': { code: 'unavailable', message: 'the database does not exist', retryAfter: 5 },
  '40001': LOCKED,
  '40P01': LOCKED,
  '42501': { code: 'unavailable', message: 'the database role lacks a privilege', retryAfter: 5 },
  '53': FULL,
  '53100': { code: 'unavailable', message: 'the disk of the database is full', retryAfter: 5 },
  '53300': { code: 'unavailable', message: 'the database has no free connection', retryAfter: 1 },
  '54000': { code: 'too_large', message: 'this is larger than the database can store' },
  '55P03': LOCKED,
  '57014': LATE,
  '57P01': GONE,
  '57P02': GONE,
  '57P03': { code: 'unavailable', message: 'the database is starting or stopping', retryAfter: 1 },
  '57P04': GONE,
  '57P05': GONE,
  '58': FULL,
}

/** What node says when a socket fails, and pg when it has no better word. */
const SOCKET_CODES: Readonly<Record<string, Row>> = {
  ECONNREFUSED: AWAY,
  ECONNRESET: GONE,
  EPIPE: GONE,
  ETIMEDOUT: AWAY,
  EHOSTUNREACH: AWAY,
  ENETUNREACH: AWAY,
  ENOTFOUND: AWAY,
  EAI_AGAIN: AWAY,
  ENOENT: AWAY,
  EACCES: AWAY,
  EMFILE: FULL,
}

const MESSAGES: readonly (readonly [RegExp, Row])[] = [
  [
    /timeout exceeded when trying to connect/,
    { ...FULL, message: 'no database connection became free', retryAfter: 1 },
  ],
  [/connection timeout|timeout expired/, AWAY],
  [/Connection terminated|not queryable|after calling end/, GONE],
]

/** Anything that the driver throws, as the one error. Its cause keeps everything; the client reads a sentence. */
export function databaseError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  if (error instanceof HeldConnectionError) return GatewayError.from(error)
  if (error instanceof AggregateError && error.errors.length > 0) return databaseError(error.errors[0])
  const row = rowOf(error)
  if (row === undefined) return new GatewayError('internal', 'internal error', { cause: error })
  const constraint = constraintOf(error)
  if (constraint?.endsWith('_team') === true && !stillReferenced(error))
    return new GatewayError('invalid_field', 'team_id: there is no such team', { cause: error, field: 'team_id' })
  return new GatewayError(stillReferenced(error) ? 'conflict' : row.code, row.message, {
    cause: error,
    ...(row.retryAfter === undefined ? {} : { retryAfter: row.retryAfter }),
    ...(constraint === undefined ? {} : { data: { constraint } }),
  })
}

/** Every SQLSTATE has a digit; `EPIPE` of a socket has none. */
const FORM = /^(?=.*\d)[0-9A-Z]{5}$/

/** The SQLSTATE in an error or in its cause. */
export function sqlState(error: unknown): string | undefined {
  const code = error instanceof GatewayError ? member(error.cause, 'code') : member(error, 'code')
  return code !== undefined && FORM.test(code) ? code : undefined
}

/** The constraint that refused a row, in an error or in its cause. */
export function constraintOf(error: unknown): string | undefined {
  return error instanceof GatewayError ? member(error.cause, 'constraint') : member(error, 'constraint')
}

function rowOf(error: unknown): Row | undefined {
  const state = sqlState(error)
  if (state !== undefined) return SQL_STATES[state] ?? SQL_STATES[state.slice(0, 2)] ?? OURS
  const code = member(error, 'code')
  if (code !== undefined && SOCKET_CODES[code] !== undefined) return SOCKET_CODES[code]
  const message = member(error, 'message') ?? ''
  return MESSAGES.find(([form]) => form.test(message))?.[1]
}

/** A foreign key speaks with one SQLSTATE for both sides: the target that is missing, and the row that others still need. */
function stillReferenced(error: unknown): boolean {
  return sqlState(error) === '23503' && (member(error, 'message') ?? '').startsWith('update or delete')
}

function member(from: unknown, name: 'code' | 'message' | 'constraint'): string | undefined {
  const value = typeof from === 'object' && from !== null ? (from as Record<string, unknown>)[name] : undefined
  return typeof value === 'string' ? value : undefined
}
