import { expect, test } from 'vitest'
import { plainText, printable, terminal } from './terminal.ts'

function captured(isTTY: boolean, columns = 40) {
  const written: string[] = []
  const failures: string[] = []
  const heard: ((error: Error) => void)[] = []
  const err = { isTTY, columns, write: (text: string) => written.push(text), on: () => {} }
  const stream = { ...err, on: (_: 'error', listener: (error: Error) => void) => heard.push(listener) }
  const out = terminal({ out: stream, err, plain: false, failed: ({ message }) => failures.push(message) })
  const fail = (code: string): void =>
    heard.forEach((listener) => listener(Object.assign(new Error(`write ${code}`), { code })))
  return { out, written, failures, fail }
}

test.each([
  ['EPIPE', []],
  ['ENOSPC', ['write ENOSPC']],
])('after %s nothing more is printed, and only what is nobody’s wish is a failure', (code, expected) => {
  const { out, written, failures, fail } = captured(false)
  out.print('before')
  expect(out.gone.aborted).toBe(false)
  fail(code)
  fail('ERR_STREAM_DESTROYED')
  out.print('after')
  out.note('said')
  expect({ written, failures, gone: out.gone.aborted }).toEqual({
    written: ['before\n', 'said\n'],
    failures: expected,
    gone: true,
  })
})

test('colour and status lines are for people only', () => {
  const piped = captured(false)
  piped.out.print(piped.out.red('x'))
  piped.out.status('working')
  expect(piped.written).toEqual(['x\n'])
  const watched = captured(true)
  watched.out.status('working')
  watched.out.print(watched.out.red('x'))
  expect(watched.written).toEqual(['working', '\r\u001B[K', '\u001B[31mx\u001B[0m\n'])
})

test('what a server said cannot steer the terminal', () => {
  expect(plainText('a\u001B[2Jb\nc\u0007\u009B31m')).toBe('ab c')
  expect(printable('line 1\n\tline 2\u001B]0;title\u0007')).toBe('line 1\n\tline 2')
  expect([plainText(null), plainText(undefined), plainText(5), plainText({ a: 1 })]).toEqual(['', '', '5', '{"a":1}'])
})

test('a terminal that does not know its size is taken for a usual one', () => {
  const sized = (rows: number, columns: number) => {
    const stream = { isTTY: true, rows, columns, write: () => true, on: () => {} }
    const out = terminal({ out: stream, err: stream, plain: false, failed: () => {} })
    return [out.rows, out.columns]
  }
  expect([sized(0, 0), sized(50, 120)]).toEqual([
    [40, 100],
    [50, 120],
  ])
})
