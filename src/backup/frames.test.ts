import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ArchiveFault } from './archive-fault.ts'
import { opened, sealer } from './frames.ts'

const KEY = { key: randomBytes(32), binding: randomBytes(32) }
const PARTS = ['first', '', 'the third, which is a little longer'].map((text) => Buffer.from(text))

function sealed(parts: readonly Buffer[], key = KEY): Buffer {
  const seal = sealer(key)
  return Buffer.concat(parts.map((part, index) => seal(part, index === parts.length - 1)))
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(bytes: Buffer, { key = KEY, size = bytes.length || 1 } = {}): Promise<string[]> {
  return (await Array.fromAsync(opened(inPieces(bytes, size), key))).map(String)
}

const whole = sealed(PARTS)

test.each([1, 2, 3, 5, 7, 64, 1000])('what was sealed opens again, read in pieces of %i bytes', async (size) => {
  expect(await read(whole, { size })).toEqual(PARTS.map(String))
})

describe('nothing else opens', () => {
  const refused = async (bytes: Buffer, key = KEY): Promise<void> =>
    await expect(read(bytes, { key })).rejects.toThrow(ArchiveFault)

  test('any byte altered', async () => {
    for (let at = 0; at < whole.length; at++) {
      const altered = Buffer.from(whole)
      altered[at] = (altered[at] ?? 0) ^ (1 << (at % 8))
      await refused(altered)
    }
  })

  test('cut off anywhere', async () => {
    for (let length = 0; length < whole.length; length++) await refused(whole.subarray(0, length))
  })

  test('something after the end', async () => {
    await refused(Buffer.concat([whole, Buffer.of(0)]))
    await refused(Buffer.concat([whole, whole]))
  })

  test('parts left out or exchanged', async () => {
    const seal = sealer(KEY)
    const [a, b, c] = PARTS.map((part, index) => seal(part, index === 2)) as [Buffer, Buffer, Buffer]
    expect(await read(Buffer.concat([a, b, c]))).toHaveLength(3)
    await refused(Buffer.concat([a, c]))
    await refused(Buffer.concat([b, a, c]))
    await refused(Buffer.concat([a, b]))
  })

  test('another key, another header', async () => {
    await refused(whole, { ...KEY, key: randomBytes(32) })
    await refused(whole, { ...KEY, binding: randomBytes(32) })
  })

  test('a length that would take all memory', async () => {
    await refused(Buffer.concat([Buffer.of(0xff, 0xff, 0xff, 0xff), whole]))
  })
})
