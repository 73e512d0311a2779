import { expect, test } from 'vitest'
import { tableLines } from './table.ts'
import { terminal } from './terminal.ts'
import { cut, widthOf, wrapped } from './text.ts'

const LIST = [
  ['one', 'ok', 'a long description of the first tool here'],
  ['three', 'unreachable', 'b'],
]
const HEAD = ['T', 'STATE', 'D']

function lines(columns: number | null, rows = LIST): readonly string[] {
  const stream = { isTTY: columns !== null, columns: columns ?? 0, write: () => true, on: () => undefined }
  return tableLines(HEAD, rows, terminal({ out: stream, err: stream, plain: true, failed: () => undefined }))
}

test('columns line up; for programs nothing is cut', () => {
  expect(lines(null)).toEqual([
    'T      STATE        D',
    'one    ok           a long description of the first tool here',
    'three  unreachable  b',
  ])
})

test('on a terminal the widest column gives way', () => {
  expect(lines(42)).toEqual([
    'T      STATE        D',
    'one    ok           a long description of…',
    'three  unreachable  b',
  ])
})

test.each([20, 30, 40, 60, 100, 300])('no line is wider than %i columns', (columns) => {
  const rows = [...LIST, ['名前が長い道具', '✓ 🎉', 'naïve — text that goes on'.repeat(5)]]
  for (const line of lines(columns, rows)) expect(widthOf(line)).toBeLessThanOrEqual(columns)
})

test('where a row would say nothing any more it gets lines of its own', () => {
  expect(lines(28)).toEqual([
    'one',
    '  STATE  ok',
    '  D      a long description',
    '         of the first tool',
    '         here',
    'three',
    '  STATE  unreachable',
    '  D      b',
  ])
})

test.each([
  ['plain', 5],
  ['naïve', 5],
  ['e\u0301', 1],
  ['日本', 4],
  ['👍', 2],
  ['\u001B[31mred\u001B[0m', 3],
])('%j takes %i columns', (text, width) => {
  expect(widthOf(text)).toBe(width)
})

test('cut by columns, wrapped between words', () => {
  expect(cut('日本語', 6)).toBe('日本語')
  expect(cut('日本語', 5)).toBe('日本…')
  expect(wrapped('one two three', 7)).toEqual(['one two', 'three'])
  expect(wrapped('unbreakable word', 5)).toEqual(['unbreakable', 'word'])
})
