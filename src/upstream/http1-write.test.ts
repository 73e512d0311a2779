import { describe, expect, test } from 'vitest'
import { field, fieldLines, requestStarts, writeRequest } from './http1-write.ts'

function written(body: Buffer | null, method: 'POST' | 'GET' = 'POST'): { writes: number; bytes: Buffer } {
  const pieces: Buffer[] = []
  const output = {
    write: (piece: string | Buffer) => pieces.push(Buffer.from(piece as string, 'latin1')) > 0,
    cork: () => {},
    uncork: () => {},
  }
  writeRequest(output, requestStarts('/mcp?a=b', 'h.test:81'), { method, fields: field('x-a', 'b'), body })
  return { writes: pieces.length, bytes: Buffer.concat(pieces) }
}

const CONNECTION = ['Host', 'content-length', 'Transfer-Encoding', 'connection', 'upgrade']
const OF_CLIENTS = ['X-Forwarded-For', 'forwarded', 'X-Real-IP', 'X-Causeway-Proxy-Secret']
const HEAD = 'POST /mcp?a=b HTTP/1.1\r\nhost: h.test:81\r\nconnection: keep-alive\r\nx-a: b\r\n'

test('a small request is one write, and its body keeps every byte', () => {
  const body = Buffer.from([...Buffer.from('{"ü€😀":"'), 0, 0x80, 0xff])
  const expected = Buffer.concat([Buffer.from(`${HEAD}content-length: ${String(body.length)}\r\n\r\n`), body])
  expect(written(body)).toEqual({ writes: 1, bytes: expected })
})

test('a large body follows its head', () => {
  const body = Buffer.alloc(20_000, 0xe9)
  const { writes, bytes } = written(body)
  expect(writes).toBe(2)
  expect(bytes.subarray(-20_000).equals(body)).toBe(true)
})

test('without a body nothing is said of one', () => {
  expect(written(null, 'GET').bytes.toString()).toBe(`${HEAD.replace('POST', 'GET')}\r\n`)
})

describe('what would be more than one line is refused, and a secret is not repeated', () => {
  test.each([
    ['CR', 'secret\rb'],
    ['LF', 'secret\nb'],
    ['NUL', 'secret\0'],
    ['DEL', 'secret\x7f'],
    ['beyond latin1', 'secret€'],
    // Its low byte is LF.
    ['a character that becomes LF', 'secret\u010a'],
  ])('%s in a value', (_name, value) => {
    expect(() => field('x-a', value)).toThrow(expect.objectContaining({ code: 'invalid_field' }))
    expect(() => field('x-a', value)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('secret') }),
    )
  })

  test.each(['', 'a b', 'a:', 'a\r\nb', 'é'])('the name %j', (name) => {
    expect(() => fieldLines(['x-ok', '1', name, 'v'])).toThrow(expect.objectContaining({ code: 'invalid_field' }))
  })

  test.each([...CONNECTION, ...OF_CLIENTS])('the name %j', (name) => {
    expect(() => field(name, '1')).toThrow(expect.objectContaining({ code: 'invalid_field' }))
  })

  test.each(['/a b', '/a\r\nx: y', ''])('the target %j', (target) => {
    expect(() => requestStarts(target, 'h')).toThrow(expect.objectContaining({ code: 'invalid_field' }))
  })

  test('latin1 and tabs may pass', () => {
    expect(field('x-a', 'a\tü')).toBe('x-a: a\tü\r\n')
  })
})
