import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ResponseHead } from './http1-head.ts'
import { ResponseParser } from './http1-parser.ts'

interface Read {
  readonly heads: ResponseHead[]
  body: string
  ends: boolean[]
  fault: string | undefined
}

/** Reads pieces as they would come from a socket, then its end where `closes`. */
function read(pieces: readonly Buffer[], options: { bodiless?: boolean; closes?: boolean } = {}): Read {
  const seen: Read = { heads: [], body: '', ends: [], fault: undefined }
  const parser = new ResponseParser({
    head: (head) => seen.heads.push(head),
    data: (chunk) => {
      expect(chunk.length).toBeGreaterThan(0)
      seen.body += chunk.toString('latin1')
    },
    end: (surplus) => seen.ends.push(surplus),
  })
  parser.begin(options.bodiless ?? false)
  try {
    for (const piece of pieces) if (seen.ends.length === 0) parser.push(piece)
    if (options.closes === true && seen.ends.length === 0) parser.finish()
  } catch (fault) {
    seen.fault = (fault as { kind?: string }).kind ?? String(fault)
  }
  return seen
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const whole = (text: string, options = {}): Read => read([bytes(text)], options)

const OK = 'HTTP/1.1 200 OK\r\n'

describe('what a response says', () => {
  test.each<[string, string, { status: number; body: string; keepMs: number; closes?: boolean; bodiless?: boolean }]>([
    ['a length', `${OK}Content-Length: 3\r\n\r\nabc`, { status: 200, body: 'abc', keepMs: 4000 }],
    ['no bytes', `${OK}content-length: 0\r\n\r\n`, { status: 200, body: '', keepMs: 4000 }],
    ['equal lengths', `${OK}content-length: 1\r\nContent-Length: 1\r\n\r\nx`, { status: 200, body: 'x', keepMs: 4000 }],
    [
      'chunks',
      `${OK}transfer-encoding: Chunked\r\n\r\n1\r\na\r\n0b\r\n01234567890\r\n0\r\n\r\n`,
      chunked('a01234567890'),
    ],
    ['extensions', `${OK}transfer-encoding: chunked\r\n\r\n3;a=b;c="d"\r\nabc\r\n0;x\r\n\r\n`, chunked('abc')],
    ['trailers', `${OK}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\nC: d\r\n\r\n`, chunked('abc')],
    ['its end', `${OK}\r\nabc`, { status: 200, body: 'abc', keepMs: 0, closes: true }],
    ['close', `${OK}connection: x, Close\r\ncontent-length: 1\r\n\r\na`, { status: 200, body: 'a', keepMs: 0 }],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na', { status: 200, body: 'a', keepMs: 0 }],
    ['no reason', 'HTTP/1.1 500\r\ncontent-length: 1\r\n\r\na', { status: 500, body: 'a', keepMs: 4000 }],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204, body: '', keepMs: 4000 }],
    ['304 with a length', 'HTTP/1.1 304 x\r\ncontent-length: 9\r\n\r\n', { status: 304, body: '', keepMs: 4000 }],
    ['HEAD', `${OK}content-length: 9\r\n\r\n`, { status: 200, body: '', keepMs: 4000, bodiless: true }],
    [
      'a hint',
      `${OK}Keep-Alive: timeout=5, max=9\r\ncontent-length: 0\r\n\r\n`,
      { status: 200, body: '', keepMs: 3000 },
    ],
    ['a short hint', `${OK}Keep-Alive: timeout=1\r\ncontent-length: 0\r\n\r\n`, { status: 200, body: '', keepMs: 0 }],
    [
      'a long hint',
      `${OK}Keep-Alive: timeout=999999999\r\ncontent-length: 0\r\n\r\n`,
      { status: 200, body: '', keepMs: 60_000 },
    ],
    [
      'interim responses',
      `HTTP/1.1 100 x\r\n\r\nHTTP/1.1 103 y\r\nlink: z\r\n\r\n${OK}content-length: 1\r\n\r\na`,
      { status: 200, body: 'a', keepMs: 4000 },
    ],
  ])('%s', (_name, text, { status, body, keepMs, ...options }) => {
    const seen = whole(text, options)
    expect(seen.fault).toBeUndefined()
    expect(seen.heads.map((head) => [head.status, head.keepMs])).toEqual([[status, keepMs]])
    expect(seen.body).toBe(body)
    expect(seen.ends).toEqual([false])
  })

  test('names are lower-case, values trimmed, repeated ones joined, and no name is special', () => {
    const seen = whole(
      `${OK}X-A:  a b\t\r\n__proto__: p\r\nconstructor: c\r\nx-a: \xe9\r\nEmpty:\r\ncontent-length: 0\r\n\r\n`,
    )
    expect(Object.fromEntries(seen.heads[0]?.headers ?? [])).toEqual(
      Object.fromEntries([
        ['x-a', 'a b, \xe9'],
        ['__proto__', 'p'],
        ['constructor', 'c'],
        ['empty', ''],
        ['content-length', '0'],
      ]),
    )
  })

  test('bytes after the end are told and not given out', () => {
    const seen = whole(`${OK}content-length: 1\r\n\r\na${OK}content-length: 1\r\n\r\nb`)
    expect(seen).toMatchObject({ body: 'a', ends: [true] })
    expect(whole(`${OK}transfer-encoding: chunked\r\n\r\n0\r\n\r\n!`)).toMatchObject({ body: '', ends: [true] })
    expect(whole('HTTP/1.1 204 x\r\n\r\n!')).toMatchObject({ body: '', ends: [true] })
  })

  test('a body is given out where it lies', () => {
    const piece = bytes('x'.repeat(10))
    const given: Buffer[] = []
    const parser = new ResponseParser({ head: () => {}, data: (chunk) => given.push(chunk), end: () => {} })
    parser.begin(false)
    parser.push(bytes(`${OK}content-length: 20\r\n\r\n`))
    parser.push(piece)
    expect(given[0]?.buffer).toBe(piece.buffer)
  })

  test('one parser reads response after response, and equal heads mean the same', () => {
    const lengths: number[] = []
    let ends = 0
    const parser = new ResponseParser({ head: ({ length }) => lengths.push(length), data: () => {}, end: () => ends++ })
    for (const length of [1, 1, 2, 1]) {
      parser.begin(false)
      parser.push(bytes(`${OK}content-length: ${String(length)}\r\n\r\n${'x'.repeat(length)}`))
    }
    parser.begin(true)
    parser.push(bytes(`${OK}content-length: 1\r\n\r\n`))
    expect(lengths).toEqual([1, 1, 2, 1, 0])
    expect(ends).toBe(5)
  })

  test.each(['head', 'data'] as const)('stopped in %s, nothing more is given out', (when) => {
    for (const framing of [
      'content-length: 2\r\n\r\nab',
      'transfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n',
    ]) {
      const told: string[] = []
      const tell = (what: string): void => {
        told.push(what)
        if (what === when) parser.stop()
      }
      const parser = new ResponseParser({ head: () => tell('head'), data: () => tell('data'), end: () => tell('end') })
      parser.begin(false)
      parser.push(bytes(OK + framing))
      expect(told).toEqual(when === 'head' ? ['head'] : ['head', 'data'])
    }
  })
})

function chunked(body: string): { status: number; body: string; keepMs: number } {
  return { status: 200, body, keepMs: 4000 }
}

describe('what is no HTTP/1.1', () => {
  const chunks = `${OK}transfer-encoding: chunked\r\n\r\n`
  test.each<[string, string]>([
    ['another protocol', 'SSH-2.0-x\r\n'],
    ['another version', 'HTTP/2 200 OK\r\n\r\n'],
    ['version 1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['an empty line first', `\r\n${OK}\r\n`],
    ['a status of two digits', 'HTTP/1.1 99 x\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 x\r\n\r\n'],
    ['two spaces before the status', 'HTTP/1.1  200 x\r\n\r\n'],
    ['NUL in the reason', 'HTTP/1.1 200 a\0\r\n\r\n'],
    ['lines that end in LF alone', 'HTTP/1.1 200 OK\ncontent-length: 0\n\r\n\r\n'],
    ['CR on its own', `${OK}a: b\rc: d\r\n\r\n`],
    ['LF on its own', `${OK}a: b\nc: d\r\n\r\n`],
    ['NUL in a value', `${OK}a: b\0\r\n\r\n`],
    ['obs-fold', `${OK}a: b\r\n c\r\n\r\n`],
    ['a space before the colon', `${OK}content-length : 0\r\n\r\n`],
    ['no colon', `${OK}nonsense\r\n\r\n`],
    ['no name', `${OK}: x\r\n\r\n`],
    ['a name beyond ASCII', `${OK}\xe9: x\r\n\r\n`],
    ['lengths that differ', `${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nab`],
    ['a list of lengths', `${OK}content-length: 1, 1\r\n\r\na`],
    ['a signed length', `${OK}content-length: +1\r\n\r\na`],
    ['a hexadecimal length', `${OK}content-length: 0x1\r\n\r\na`],
    ['an empty length', `${OK}content-length:\r\n\r\n`],
    ['a length beyond numbers', `${OK}content-length: ${'9'.repeat(16)}\r\n\r\n`],
    ['a length and chunks', `${OK}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['compressed chunks', `${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['chunks in chunks', `${OK}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['another coding', `${OK}transfer-encoding: identity\r\n\r\n`],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['an upgrade', 'HTTP/1.1 101 x\r\nupgrade: h2c\r\n\r\n'],
    ['too many fields', `${OK}${'a: b\r\n'.repeat(201)}\r\n`],
    ['a head that is too large', `${OK}a: ${'x'.repeat(65_536)}\r\n\r\n`],
    ['a head without end', `${OK}a: ${'x'.repeat(65_536)}`],
    ['interim responses without end', 'HTTP/1.1 103 x\r\n\r\n'.repeat(4000)],
    ['a chunk without a size', `${chunks}\r\n`],
    ['a size that is no number', `${chunks}1g\r\n`],
    ['a signed size', `${chunks}-1\r\n`],
    ['a size with 0x', `${chunks}0x1\r\n`],
    ['a space after the size', `${chunks}1 \r\na\r\n0\r\n\r\n`],
    ['a size that is too large', `${chunks}${'1'.repeat(13)}\r\n`],
    ['LF alone after the size', `${chunks}1\na\r\n`],
    ['data longer than its size', `${chunks}1\r\nab\r\n`],
    ['LF alone after the data', `${chunks}1\r\na\n`],
    ['CR alone in an extension', `${chunks}1;a\rb\r\na\r\n`],
    ['NUL in an extension', `${chunks}1;\0\r\na\r\n`],
    ['an extension without end', `${chunks}1;${'x'.repeat(16_385)}`],
    ['LF alone in a trailer', `${chunks}0\r\na: b\nc\r\n\r\n`],
    ['trailers without end', `${chunks}0\r\n${'a: b\r\n'.repeat(5000)}`],
  ])('%s', (_name, text) => {
    expect(whole(text)).toMatchObject({ fault: 'protocol', ends: [] })
    // Nor in any other pieces.
    if (text.length < 200)
      expect(read([...bytes(text)].map((byte) => Buffer.of(byte)))).toMatchObject({ fault: 'protocol' })
  })

  test.each<[string, string]>([
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nconte'],
    ['only an interim response', 'HTTP/1.1 100 x\r\n\r\n'],
    ['half a body', `${OK}content-length: 3\r\n\r\nab`],
    ['half a chunk', `${chunks}3\r\nab`],
    ['no last chunk', `${chunks}1\r\na\r\n`],
    ['no end of the trailers', `${chunks}1\r\na\r\n0\r\n`],
  ])('a connection that ends after %s', (_name, text) => {
    expect(whole(text, { closes: true })).toMatchObject({ fault: 'closed', ends: [] })
  })
})

describe('any pieces', () => {
  const responses = [
    `${OK}Content-Type: text/plain\r\ncontent-length: 12\r\n\r\nhello\r\n\r\nyou`,
    `HTTP/1.1 103 x\r\nLink: y\r\n\r\n${OK}transfer-encoding: chunked\r\n\r\n5;e="f"\r\nhello\r\n00A\r\n\r\n0\r\n\r\nabc\r\n0\r\nT: u\r\nV: w\r\n\r\n`,
    'HTTP/1.1 204 No Content\r\nserver: x\r\n\r\n',
  ]

  test.each(responses)('%j read in two pieces, and byte by byte', (text) => {
    const all = bytes(text)
    const expected = read([all])
    expect(expected.ends).toEqual([false])
    for (let at = 0; at <= all.length; at++) {
      const pieces = [all.subarray(0, at), all.subarray(at)].filter((piece) => piece.length > 0)
      expect(read(pieces)).toEqual(expected)
    }
    expect(read([...all].map((byte) => Buffer.of(byte)))).toEqual(expected)
  })

  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/)
  const value = fc.stringMatching(/^[\x21-\x7e\x80-\xff]([\x20-\x7e\x80-\xff]{0,20}[\x21-\x7e\x80-\xff])?$/)
  const framed = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive'])
  const response = fc.record({
    status: fc.integer({ min: 200, max: 999 }).filter((status) => status !== 204 && status !== 304),
    fields: fc.array(
      fc.tuple(
        token.filter((name) => !framed.has(name.toLowerCase())),
        value,
      ),
      { maxLength: 8 },
    ),
    parts: fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 }),
    inChunks: fc.boolean(),
    cuts: fc.array(fc.nat({ max: 600 }), { maxLength: 8 }),
  })

  test('whatever is written is read', () => {
    fc.assert(
      fc.property(response, ({ status, fields, parts, inChunks, cuts }) => {
        const body = Buffer.concat(parts)
        const lines = fields.map(([name, text]) => `${name}: ${text}\r\n`).join('')
        const framing = inChunks ? 'Transfer-Encoding: chunked' : `Content-Length: ${String(body.length)}`
        const chunk = (part: Uint8Array): string =>
          `${part.length.toString(16)}\r\n${Buffer.from(part).toString('latin1')}\r\n`
        const coded = inChunks ? `${parts.map(chunk).join('')}0\r\n\r\n` : body.toString('latin1')
        const all = bytes(`HTTP/1.1 ${String(status)} \r\n${lines}${framing}\r\n\r\n${coded}`)
        const places = [0, ...cuts.map((cut) => Math.min(cut, all.length)), all.length].toSorted((a, b) => a - b)
        const pieces = places.slice(1).map((to, index) => all.subarray(places[index], to))
        const seen = read(pieces.filter((piece) => piece.length > 0))
        const joined: Record<string, string> = { __proto__: null } as never
        for (const [name, text] of fields) {
          const before = joined[name.toLowerCase()]
          joined[name.toLowerCase()] = before === undefined ? text : `${before}, ${text}`
        }
        expect(seen).toMatchObject({ fault: undefined, body: body.toString('latin1'), ends: [false] })
        expect(seen.heads.map((head) => head.status)).toEqual([status])
        for (const name in joined) expect(seen.heads[0]?.headers.get(name)).toBe(joined[name])
        expect(seen.heads[0]?.headers.size).toBe(Object.keys(joined).length + 1)
      }),
    )
  })

  test('noise is a fault or nothing yet, never another error', () => {
    const noise = fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.constantFrom(...responses))
    fc.assert(
      fc.property(fc.array(noise, { maxLength: 4 }), fc.boolean(), (texts, closes) => {
        expect(['protocol', 'closed', undefined]).toContain(whole(texts.join(''), { closes }).fault)
      }),
    )
  })
})
