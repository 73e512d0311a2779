import { expect, test } from 'vitest'
import { frameOf, FrameReader, MAX_PAYLOAD, WireFault } from './frames.ts'

const FRAMES = [
  [1, 0, '{"launch":1}'],
  [2, 1, 'me\n{"jsonrpc":"2.0"}'],
  [5, 0xffffffff, ''],
  [255, 7, 'x'.repeat(3000)],
] as const

test.each([1, 3, 8, 9, 10, 2000, 100_000])('frames in pieces of %i', (size) => {
  const bytes = Buffer.concat(FRAMES.map(([kind, exchange, text]) => frameOf(kind, exchange, Buffer.from(text))))
  const found: unknown[] = []
  const reader = new FrameReader((kind, exchange, payload) => found.push([kind, exchange, payload.toString()]))
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
  expect(found).toEqual(FRAMES)
})

test('a frame beyond the bound is refused as soon as its length is known', () => {
  const head = frameOf(2, 1, Buffer.alloc(0))
  head.writeUInt32LE(MAX_PAYLOAD + 1, 0)
  const reader = new FrameReader(() => {})
  reader.push(head.subarray(0, 8))
  expect(() => reader.push(head.subarray(8))).toThrow(WireFault)
})
