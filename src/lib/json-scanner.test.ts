import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonFault } from './json-fault.ts'
import { MAX_DEPTH, scanObject, scanWhole, skipValue } from './json-scanner.ts'
import { JsonStream } from './json-stream.ts'

/** Accepts as the whole-buffer scan does. */
function whole(bytes: Buffer): boolean {
  try {
    scanWhole(bytes, (at) => skipValue(bytes, at, 0))
    return true
  } catch (fault) {
    expect(fault).toBeInstanceOf(JsonFault)
    return false
  }
}

/** Accepts as the streaming scan does, cut at the given offsets. */
function streamed(bytes: Buffer, cuts: readonly number[] = []): boolean {
  const stream = new JsonStream({ key() {}, value: () => false, valueEnd() {}, close() {} })
  try {
    let from = 0
    for (const cut of [...cuts, bytes.length]) {
      stream.push(bytes.subarray(from, cut))
      from = cut
    }
    stream.end()
    return true
  } catch (fault) {
    expect(fault).toBeInstanceOf(JsonFault)
    return false
  }
}

function parses(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'))
    return true
  } catch {
    return false
  }
}

const everyCut = (bytes: Buffer): readonly boolean[] =>
  Array.from({ length: bytes.length + 1 }, (_, cut) => streamed(bytes, [cut]))

const nested = (depth: number): Buffer => Buffer.from('['.repeat(depth) + ']'.repeat(depth))

const scan = (text: string): number =>
  scanObject(Buffer.from(text), 0, { depth: 1, visit: (_key, _start, at) => skipValue(Buffer.from(text), at, 1) })

const eachByte = (bytes: Buffer): number[] => Array.from({ length: bytes.length }, (_, i) => i)

describe('JSON.parse and both scanners agree', () => {
  test('on any JSON value, printed plainly or with white space', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1, '\t', '\r\n'), (value, space) => {
        const bytes = Buffer.from(JSON.stringify(value, null, space as string))
        expect([whole(bytes), streamed(bytes), streamed(bytes, eachByte(bytes))]).toEqual([true, true, true])
      }),
      { numRuns: 500 },
    )
  })

  test('on texts made of the pieces of JSON', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"',
      '"a"',
      '"\\',
      '\\u00',
      '\\u00e9',
      'u',
      'true',
      'tru',
      'false',
      'null',
      'nul',
      '-',
      '0',
      '01',
      '1',
      '12.5',
      '.',
      'e',
      'E+',
      '1e5',
      '1e-',
      ' ',
      '\n',
      '\t',
      '\u000b',
      '\u00a0',
      'é',
      '"é"',
      '/',
      '\\n',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const bytes = Buffer.from(pieces.join(''))
        const expected = parses(bytes)
        expect([whole(bytes), streamed(bytes), streamed(bytes, eachByte(bytes))]).toEqual([
          expected,
          expected,
          expected,
        ])
      }),
      { numRuns: 5000 },
    )
  })

  test('on a legal text with one byte changed', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.nat(), fc.integer({ min: 0, max: 255 }), (text, where, byte) => {
        const bytes = Buffer.from(text)
        bytes[where % bytes.length] = byte
        const expected = isUtf8(bytes) && parses(bytes)
        expect([whole(bytes), streamed(bytes), streamed(bytes, eachByte(bytes))]).toEqual([
          expected,
          expected,
          expected,
        ])
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    '1',
    '-0',
    '0.5e-7',
    '"x"',
    'true',
    'null',
    '[]',
    '{}',
    ' [ ] ',
    '[[],{}]',
    '{"a":{"b":[1,2,{"c":null}]}}',
  ])('%s', (text) => {
    const bytes = Buffer.from(text)
    expect(whole(bytes)).toBe(true)
    expect(everyCut(bytes).every(Boolean)).toBe(true)
  })

  test.each([
    '',
    ' ',
    '+1',
    '01',
    '1.',
    '.5',
    '1e',
    '--1',
    "'a'",
    '{a:1}',
    '[1,]',
    '{"a":1,}',
    '{"a"}',
    '{,}',
    '[,]',
    '1 2',
    '{}{}',
    'tru',
    'truee',
    'NaN',
    '"\n"',
    '"\\x"',
    '"\\u12g4"',
    '"',
    '[1',
    '{"a":1]',
    '[1}',
    '\ufeff1',
    '/* */1',
  ])('refuses %j', (text) => {
    const bytes = Buffer.from(text)
    expect(parses(bytes)).toBe(false)
    expect(whole(bytes)).toBe(false)
    expect(everyCut(bytes).some(Boolean)).toBe(false)
  })
})

describe('long strings', () => {
  test('a stop at every place of a long string is found', () => {
    for (const bad of [0x00, 0x1f, 0x0a, 0x22]) {
      for (let where = 1; where < 600; where += 1) {
        const bytes = Buffer.concat([Buffer.from([0x22]), Buffer.alloc(700, 0x61), Buffer.from([0x22])])
        bytes[where] = bad
        expect(whole(bytes)).toBe(false)
      }
    }
  })

  test.each([0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0xa2, 0xdc, 0xff])('byte %i does not stop a run', (byte) => {
    for (const size of [190, 400, 403, 1021]) {
      const bytes = Buffer.concat([Buffer.from([0x22]), Buffer.alloc(size, byte), Buffer.from([0x22])])
      expect(skipValue(bytes, 0, 0)).toBe(bytes.length)
    }
  })
})

describe('UTF-8', () => {
  const text = Buffer.from('"aé€😀z"')
  test('is whole across every pair of cuts', () => {
    for (let a = 0; a <= text.length; a++) {
      for (let b = a; b <= text.length; b++) expect(streamed(text, [a, b])).toBe(true)
    }
  })

  const BAD = [
    'ff',
    'c0af',
    'e0809f',
    'eda080',
    'f4908080',
    'f8888080',
    'c3',
    'e282',
    'f09f98',
    '80',
    'c328',
    'e28228',
    'f09f28',
  ]
  test.each(BAD)('%s is refused, however it is cut', (hex) => {
    const bytes = Buffer.concat([Buffer.from('"a'), Buffer.from(hex, 'hex'), Buffer.from('"')])
    for (let a = 0; a <= bytes.length; a++) {
      for (let b = a; b <= bytes.length; b++) expect(streamed(bytes, [a, b])).toBe(false)
    }
  })
})

describe('depth', () => {
  test('a request may be as deep as the bound and no deeper', () => {
    expect(whole(nested(MAX_DEPTH))).toBe(true)
    expect(whole(nested(MAX_DEPTH + 1))).toBe(false)
    expect(whole(Buffer.from('{"a":'.repeat(MAX_DEPTH + 1)))).toBe(false)
  })
  test('an answer may be 10,000 deep', () => {
    expect(streamed(nested(10_000))).toBe(true)
    expect(streamed(nested(10_001))).toBe(false)
  })
})

describe('keys', () => {
  test.each([
    '{"a":1,"a":2}',
    '{"a":1,"A":2}',
    '{"a":1,"\\u0061":2}',
    '{"id":1,"\\u0049d":2}',
    '{"params":1,"param\u017f":2}',
    '{"k":1,"\u212a":2}',
    '{"é":1,"É":2}',
    '{"id":1,"\u0131d":2}',
    '{"id":1,"\u0130d":2}',
    '{"\u03c3":1,"\u03c2":2}',
    '{"\\ud800":1,"\\ud801":2}',
  ])('%s is ambiguous', (text) => {
    expect(() => scan(text)).toThrow(expect.objectContaining({ code: 'ambiguous' }))
  })

  test('different keys pass, whatever they have in common', () => {
    for (const text of ['{"a~":1,"b_":2}', '{"é":1,"e":2}', '{"aa":1,"a":2}', '{"\\u0061~":1,"b_":2}'])
      expect(scan(text)).toBe(Buffer.byteLength(text))
  })

  test('many keys', () => {
    const members = Array.from({ length: 500 }, (_, i) => `"k${String(i)}":${String(i)}`)
    expect(scan(`{${members.join(',')}}`)).toBeGreaterThan(0)
    expect(() => scan(`{${[...members, '"K77":0'].join(',')}}`)).toThrow(expect.objectContaining({ code: 'ambiguous' }))
  })

  test('inside what is not looked into, duplicates pass', () => {
    expect(scan('{"a":{"x":1,"x":2}}')).toBe(19)
  })
})
