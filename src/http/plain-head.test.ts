import { describe, expect, test } from 'vitest'
import { readPlainHead } from './plain-head.ts'

const FIELDS = ['Host: 127.0.0.1:4444', 'Content-Type: application/json', 'content-length: 2']
const head = (fields: readonly string[] = FIELDS, start = 'POST /mcp HTTP/1.1'): string =>
  `${[start, ...fields].join('\r\n')}\r\n\r\n`
const read = (text: string) => readPlainHead(Buffer.from(text, 'latin1'), undefined)

test('a plain head: names in lower case, values trimmed, what came as it came', () => {
  expect(read(`${head([...FIELDS, 'X-Odd:\t caf\xe9 \t', 'Connection: Keep-Alive'])}{}`)).toMatchObject({
    url: '/mcp',
    contentLength: 2,
    headers: { host: '127.0.0.1:4444', 'content-type': 'application/json', 'x-odd': 'caf\xe9' },
    rawHeaders: expect.arrayContaining(['x-odd', 'caf\xe9']),
  })
})

describe('left to node:http', () => {
  test.each([
    ['a head that is not whole', 'POST /mcp HTTP/1.1\r\nHost: x\r\ncontent-length: 2\r\n'],
    ['an empty piece', ''],
    ['another method', head(FIELDS, 'GET /mcp HTTP/1.1')],
    ['a method in lower case', head(FIELDS, 'post /mcp HTTP/1.1')],
    ['an older version', head(FIELDS, 'POST /mcp HTTP/1.0')],
    ['a target in absolute form', head(FIELDS, 'POST http://x/mcp HTTP/1.1')],
    ['two spaces in the first line', head(FIELDS, 'POST  /mcp HTTP/1.1')],
    ['an empty line before it', `\r\n${head()}`],
    ['no host', head(FIELDS.slice(1))],
    ['no length', head(FIELDS.slice(0, 2))],
    ['a length with a sign', head([...FIELDS.slice(0, 2), 'content-length: +2'])],
    ['a list of lengths', head([...FIELDS.slice(0, 2), 'content-length: 2, 2'])],
    ['the same field twice', head([...FIELDS, 'content-length: 2'])],
    ['the same field twice but for case', head([...FIELDS, 'HOST: y'])],
    ['a coding beside a length', head([...FIELDS, 'Transfer-Encoding: chunked'])],
    ['an expectation', head([...FIELDS, 'Expect: 100-continue'])],
    ['an upgrade', head([...FIELDS, 'Connection: upgrade', 'Upgrade: h2c'])],
    ['a connection that closes', head([...FIELDS, 'Connection: close'])],
    ['a space before a colon', head([...FIELDS, 'x-odd : y'])],
    ['a folded line', head([...FIELDS, 'x-odd: y', ' z'])],
    ['a bare line feed', head([...FIELDS, 'x-odd: y\nx-other: z'])],
    ['a bare carriage return', head([...FIELDS, 'x-odd: y\rz'])],
    ['a NUL', head([...FIELDS, 'x-odd: y\0'])],
    ['a field without a name', head([...FIELDS, ': y'])],
    ['more than 16 KiB', head([...FIELDS, `x-odd: ${'y'.repeat(17_000)}`])],
  ])('%s', (_, text) => expect(read(text)).toBeUndefined())
})

describe('the head before', () => {
  const before = read(head())
  const again = (text: string) => readPlainHead(Buffer.from(text), before)

  test('the same bytes are not read again', () => expect(again(`${head()}{"a":1}`)).toBe(before))
  test('others are', () => {
    expect(again(head([...FIELDS.slice(0, 2), 'content-length: 3']))).toMatchObject({ contentLength: 3 })
    expect(again(head([...FIELDS, 'mcp-name: x']))).toMatchObject({ headers: { 'mcp-name': 'x' } })
    expect(again(head().slice(0, -4))).toBeUndefined()
  })
})
