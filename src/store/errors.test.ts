import { expect, test } from 'vitest'
import { ERROR_CODES, type ErrorCode } from '#/errors/codes.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { HeldConnectionError } from '#/lib/held-connection.ts'
import { databaseError, sqlState, SQL_STATES } from './errors.ts'

const failure = (fields: object, message = 'from the driver') => Object.assign(new Error(message), fields)

/** Pinned: what a client sees for each way in which PostgreSQL, a pooler or a socket can fail. */
const TABLE: readonly (readonly [string, Error, ErrorCode])[] = [
  ['unique', failure({ code: '23505', constraint: 'tools_name' }), 'conflict'],
  ['missing target', failure({ code: '23503' }, 'insert or update on table "a" violates'), 'not_found'],
  ['still referenced', failure({ code: '23503' }, 'update or delete on table "a" violates'), 'conflict'],
  ['not null', failure({ code: '23502' }), 'invalid_field'],
  ['check', failure({ code: '23514' }), 'invalid_field'],
  ['division by zero, by its class', failure({ code: '22012' }), 'invalid_field'],
  ['cancelled', failure({ code: '57014' }), 'unavailable'],
  ['shut down', failure({ code: '57P01' }), 'unavailable'],
  ['crashed', failure({ code: '57P02' }), 'unavailable'],
  ['starting', failure({ code: '57P03' }), 'unavailable'],
  ['read-only', failure({ code: '25006' }), 'unavailable'],
  ['idle in transaction', failure({ code: '25P03' }), 'unavailable'],
  ['transaction timeout', failure({ code: '25P04' }), 'unavailable'],
  ['too many connections', failure({ code: '53300' }), 'unavailable'],
  ['disk full, by its class', failure({ code: '53100' }), 'unavailable'],
  ['connection failure, by its class', failure({ code: '08006' }), 'unavailable'],
  ['protocol violation of a pooler', failure({ code: '08P01' }), 'unavailable'],
  ['lock not available', failure({ code: '55P03' }), 'unavailable'],
  ['serialisation', failure({ code: '40001' }), 'unavailable'],
  ['deadlock', failure({ code: '40P01' }), 'unavailable'],
  ['wrong password', failure({ code: '28P01' }), 'unavailable'],
  ['syntax error', failure({ code: '42601' }), 'internal'],
  ['no such table', failure({ code: '42P01' }), 'internal'],
  ['refused', failure({ code: 'ECONNREFUSED' }), 'unavailable'],
  ['cut off while it was asked', failure({ code: 'EPIPE' }, 'write EPIPE'), 'unavailable'],
  ['no socket', failure({ code: 'ENOENT' }), 'unavailable'],
  ['both addresses refused', new AggregateError([failure({ code: 'ECONNREFUSED' })]), 'unavailable'],
  ['pool exhausted', new Error('timeout exceeded when trying to connect'), 'unavailable'],
  ['connect timeout', new Error('Connection terminated due to connection timeout'), 'unavailable'],
  ['hung up', new Error('Connection terminated unexpectedly'), 'unavailable'],
  ['a wait inside a transaction', new HeldConnectionError('dialling', 'x'), 'internal'],
  ['anything else', new Error('what'), 'internal'],
]

test.each(TABLE)('%s', (_name, error, code) => {
  const mapped = databaseError(error)
  expect(mapped.code).toBe(code)
  expect(mapped.cause).toBe(error instanceof AggregateError ? error.errors[0] : error)
  if (code === 'unavailable') expect(mapped.retryAfter).toBeGreaterThan(0)
  expect(mapped.message).not.toContain('from the driver')
})

test('the constraint is named in the data, the SQLSTATE can be asked for', () => {
  const mapped = databaseError(failure({ code: '23505', constraint: 'tools_name' }))
  expect(mapped.data).toEqual({ constraint: 'tools_name' })
  expect(sqlState(mapped)).toBe('23505')
  expect(databaseError(mapped)).toBe(mapped)
})

test('an error of ours passes unchanged', () => {
  const own = new GatewayError('precondition_failed', 'version 3')
  expect(databaseError(own)).toBe(own)
})

test('each row is a known code with a sentence', () => {
  for (const row of Object.values(SQL_STATES)) {
    expect(ERROR_CODES).toHaveProperty(row.code)
    expect(row.message).toMatch(/^[a-z].{10,}/)
  }
})
