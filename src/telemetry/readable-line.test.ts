import { expect, test } from 'vitest'
import { readableLine } from './readable-line.ts'

const line = (fields: object): string =>
  readableLine(`${JSON.stringify({ level: 'warn', time: '2026-11-23T00:46:27.296Z', worker: 'w1', ...fields })}\n`)

test('the time of the day, how severe, what happened, the fields', () => {
  expect(line({ event: 'x.y', n: 1.23456, why: 'two words', ip: '::1', none: null, message: 'something' })).toBe(
    '00:46:27 warn  something (n=1.23 why="two words" ip=::1 worker=w1)\n',
  )
  expect(line({ worker: 'supervisor', event: 'x.y' })).toBe('00:46:27 warn  x.y\n')
})

test('an error follows with its stack, or with what there is of it', () => {
  expect(line({ message: 'm', err: { type: 'Error', message: 'bad', stack: 'Error: bad\n    at f (a.ts:1)' } })).toBe(
    '00:46:27 warn  m (worker=w1)\n         Error: bad\n         at f (a.ts:1)\n',
  )
  expect(line({ message: 'm', err: { type: 'string', message: 'bad' } })).toContain('\n         string: bad\n')
})

test('nothing in it steers the terminal', () => {
  const bad = '\u001B[2J\u009B31m\r'
  expect(line({ message: `a${bad}`, why: `b${bad}`, err: { type: 'E', message: `c${bad}` } })).not.toMatch(
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/,
  )
})
