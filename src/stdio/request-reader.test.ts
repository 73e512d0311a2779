import { expect, test } from 'vitest'
import { RequestReader, WireFault } from './request-reader.ts'

const POST = 'POST /mcp HTTP/1.1\r\nhost: stdio\r\nx-causeway-caller: me\r\ncontent-length: 5\r\n\r\nhello'
const GET = 'GET /logs?tail=1 HTTP/1.1\r\nhost: stdio\r\n\r\n'

test.each([1, 3, 1000])('a first line and requests, in pieces of %i', (size) => {
  const bytes = Buffer.from(`{"launch":1}\n${POST}${GET}`)
  const reader = new RequestReader('x-causeway-caller')
  const found: unknown[] = []
  let preface: string | undefined
  for (let at = 0; at < bytes.length; at += size) {
    reader.push(bytes.subarray(at, at + size))
    preface ??= reader.preface(100)?.toString()
    if (preface === undefined) continue
    for (let next = reader.request(100); next !== undefined; next = reader.request(100))
      found.push([next.method, next.target, next.caller, next.body.toString()])
  }
  expect(preface).toBe('{"launch":1}')
  expect(found).toEqual([
    ['POST', '/mcp', 'me', 'hello'],
    ['GET', '/logs?tail=1', '', ''],
  ])
})

test.each([
  ['an endless first line', 'x'.repeat(200), (reader: RequestReader) => reader.preface(100)],
  ['another method', 'PUT /mcp HTTP/1.1\r\n\r\n', (reader: RequestReader) => reader.request(100)],
  ['a body beyond the bound', POST.replace(': 5', ': 500'), (reader: RequestReader) => reader.request(100)],
  ['a length that is none', POST.replace(': 5', ': 5x'), (reader: RequestReader) => reader.request(100)],
])('%s is refused', (_name, text, ask) => {
  const reader = new RequestReader('x-causeway-caller')
  reader.push(Buffer.from(text))
  expect(() => ask(reader)).toThrow(WireFault)
})
