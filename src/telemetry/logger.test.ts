import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'

function logged(write: (log: ReturnType<typeof createLogger>) => void): readonly Record<string, unknown>[] {
  const lines: string[] = []
  write(createLogger({ level: 'info', worker: 'w1', to: { write: (line) => void lines.push(line) } }))
  return lines.map((line) => JSON.parse(line))
}

test('a line is one JSON object with level, time, worker and what was given', () => {
  const [line] = logged((log) => log.child({ requestId: 'r1' }).warn({ event: 'x' }, 'something'))
  expect(line).toMatchObject({ level: 'warn', worker: 'w1', requestId: 'r1', event: 'x', message: 'something' })
  expect(new Date(String(line?.['time'])).getTime()).toBeGreaterThan(Date.UTC(2020, 0))
})

test('secrets are censored by name, in any casing and depth, and the given object stays as it was', () => {
  const fields = {
    Authorization: 'planted-1',
    headers: { 'Mcp-Session-Id': 'planted-2', accept: 'text/plain' },
    gateway: { auth: { auth_token: 'planted-3', authHeaders: { 'X-Key': 'planted-4' } } },
    credential: { Authorization: 'planted-5' },
    password: 'planted-6',
  }
  const before = structuredClone(fields)
  const text = JSON.stringify(logged((log) => log.error(fields, 'm')))
  expect(text).not.toContain('planted')
  expect(text).toContain('text/plain')
  expect(fields).toEqual(before)
})

test('an error shows name, message, code, stack and causes, and nothing else it carries', () => {
  const cause = Object.assign(new Error('connect postgres://admin:planted@db:5432/x failed'), {
    code: 'ECONNREFUSED',
    parameters: ['planted'],
  })
  const [line] = logged((log) => log.error({ err: new TypeError('outer', { cause }) }, 'm'))
  expect(line?.['err']).toMatchObject({ type: 'TypeError', message: 'outer', cause: { code: 'ECONNREFUSED' } })
  expect(JSON.stringify(line)).not.toContain('planted')
})

test('a level that is off writes nothing', () => {
  expect(logged((log) => log.debug({ event: 'x' }, 'm'))).toEqual([])
})

test('names that every object has are ordinary fields', () => {
  const fields = JSON.parse('{"__proto__": {"token": "planted"}, "constructor": 1}')
  expect(JSON.stringify(logged((log) => log.info(fields, 'm')))).not.toContain('planted')
})
