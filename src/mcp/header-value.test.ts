import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeHeaderValue, encodeHeaderValue } from './header-value.ts'

test('any text survives as a header value that HTTP allows', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('=?base64?x?=', '=?base64??=', ' ')),
      (text) => {
        const value = encodeHeaderValue(text)
        expect(value).toMatch(/^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/)
        expect(decodeHeaderValue(value)).toBe(text.toWellFormed())
      },
    ),
  )
})

test.each([
  ['a\u0000b', undefined],
  ['é', undefined],
  ['=?base64?/w==?=', undefined],
  ['=?base64?a?=', undefined],
  ['=?base64?YQ?=', undefined],
  ['=?base64?YQ==?=', 'a'],
  ['=?base64?YQ==', '=?base64?YQ=='],
  ['  a b\t', 'a b'],
  ['', ''],
])('%j is read as %j', (value, text) => expect(decodeHeaderValue(value)).toBe(text))
