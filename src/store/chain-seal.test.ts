import { createHmac, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { hmac, sealsOf } from './chain-seal.ts'

test.each([0, 1, 20, 32, 63, 64])('it is HMAC-SHA-256 with a key of %i bytes', (length) => {
  const key = randomBytes(length)
  for (const text of [Buffer.alloc(0), randomBytes(1), randomBytes(200)])
    expect(hmac(key, text)).toEqual(createHmac('sha256', key).update(text).digest())
})

const KEY = Buffer.alloc(32, 7)
const PLACE = { recordHash: Buffer.alloc(32, 1), seq: 9, previous: 8, head: Buffer.alloc(32, 2) }

test('the form of a seal does not change: what is stored must stay readable', () => {
  const { seal, state } = sealsOf('audit').link(KEY, Buffer.alloc(32, 3), PLACE)
  const code = (what: string, ...parts: readonly Buffer[]): Buffer =>
    createHmac('sha256', KEY)
      .update(Buffer.concat([Buffer.from(`audit ${what}\0`), ...parts]))
      .digest()
  const content = code('content', PLACE.recordHash).subarray(0, 16)
  const place = code('place', content, Buffer.from('00000000000000090000000000000008', 'hex')).subarray(0, 16)
  expect(state).toEqual(code('state', Buffer.alloc(32, 3), place, PLACE.head))
  const mask = code('mask', place)
  expect(seal).toEqual(Buffer.concat([content, place, Buffer.from(state.map((byte, n) => byte ^ (mask[n] ?? 0)))]))
})

test('a seal of one log, key or place is none of another', () => {
  const { seal } = sealsOf('audit').link(KEY, Buffer.alloc(32), PLACE)
  const told = (log: 'audit' | 'security', key: Buffer, at = PLACE) => {
    const read = sealsOf(log).read(key, seal, at)
    return [read?.isOurs, read?.isHere]
  }
  expect(told('audit', KEY)).toEqual([true, true])
  expect(told('security', KEY)).toEqual([false, false])
  expect(told('audit', Buffer.alloc(32, 8))).toEqual([false, false])
  expect(told('audit', KEY, { ...PLACE, seq: 10 })).toEqual([true, false])
  expect(told('audit', KEY, { ...PLACE, previous: 7 })).toEqual([true, false])
  // Its place is still where it says that something was written.
  expect(told('audit', KEY, { ...PLACE, recordHash: Buffer.alloc(32) })).toEqual([false, true])
  expect(sealsOf('audit').read(KEY, seal.subarray(1), PLACE)).toBeNull()
})
