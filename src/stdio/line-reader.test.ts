import { expect, test } from 'vitest'
import { LineReader } from './line-reader.ts'

function reading(maxBytes: number) {
  const lines: string[] = []
  const cut: [string, string][] = []
  const reader = new LineReader(maxBytes, {
    line: (line) => lines.push(line.toString()),
    tooLong: (head, tail) => cut.push([head.toString(), tail.toString()]),
  })
  return { reader, lines, cut }
}

test.each([1, 2, 3, 7, 100])('lines are the same in pieces of %i', (size) => {
  const text = Buffer.from('one\n\ntwo two\nthré\nlast')
  const { reader, lines, cut } = reading(100)
  for (let at = 0; at < text.length; at += size) reader.push(text.subarray(at, at + size))
  reader.finish()
  expect(lines).toEqual(['one', '', 'two two', 'thré', 'last'])
  expect(cut).toEqual([])
})

test.each([1, 10, 5000])(
  'a line beyond the bound is told by its ends, and the next is read, in pieces of %i',
  (size) => {
    const long = `start${'x'.repeat(4000)}end`
    const text = Buffer.from(`a\n${long}\nb\n`)
    const { reader, lines, cut } = reading(2000)
    for (let at = 0; at < text.length; at += size) reader.push(text.subarray(at, at + size))
    expect(lines).toEqual(['a', 'b'])
    expect(cut).toHaveLength(1)
    expect(cut[0]?.[0].startsWith('start'.slice(0, Math.min(5, size)))).toBe(true)
    expect(cut[0]?.[1].endsWith('xend')).toBe(true)
  },
)

test('as long as the bound is not too long', () => {
  const { reader, lines, cut } = reading(4)
  reader.push(Buffer.from('four\nfiver\n'))
  expect(lines).toEqual(['four'])
  expect(cut).toEqual([['fiver', 'fiver']])
})
