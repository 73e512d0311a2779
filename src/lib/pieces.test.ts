import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Pieces } from './pieces.ts'

test('become one in their order, and then none is left', () => {
  const range = fc.tuple(fc.uint8Array({ maxLength: 60 }), fc.nat(70), fc.nat(70))
  fc.assert(
    fc.property(fc.array(fc.oneof(range, fc.string(), fc.string({ unit: 'grapheme' }))), (added) => {
      const pieces = new Pieces()
      const expected: Buffer[] = []
      for (const each of added) {
        if (typeof each === 'string') {
          pieces.text(each)
          expected.push(Buffer.from(each))
        } else {
          const [array, a, b] = each
          const bytes = Buffer.from(array)
          const end = Math.min(b, bytes.length)
          pieces.add(bytes, a, end)
          expected.push(bytes.subarray(Math.min(a, end), end))
        }
      }
      const whole = Buffer.concat(expected)
      expect(pieces.size).toBe(whole.length)
      expect(pieces.join().equals(whole)).toBe(true)
      expect(pieces.size).toBe(0)
      expect(pieces.join()).toHaveLength(0)
    }),
  )
})

test('a single range is not copied', () => {
  const bytes = Buffer.from('abcdef')
  const pieces = new Pieces()
  pieces.add(bytes, 2, 4)
  const joined = pieces.join()
  bytes[2] = 0x58
  expect(joined.toString()).toBe('Xd')
})
