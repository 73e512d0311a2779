import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sealer, type KeyRing } from './sealing.ts'

const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const ring = (current: string, ...ids: string[]): KeyRing => ({
  current,
  keys: new Map(ids.map((id) => [id, key(id.charCodeAt(0))])),
})

test('what was sealed for a purpose opens for that purpose', () => {
  const { seal, open, tryOpen } = sealer(ring('a', 'a'))
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (plain, purpose) => {
      const sealed = seal(purpose, plain)
      expect(sealed).toMatch(/^v1\.a\.[A-Za-z0-9_-]+$/)
      expect(open(purpose, sealed)).toEqual(Buffer.from(plain))
      expect(tryOpen(purpose, sealed)).toEqual(Buffer.from(plain))
    }),
  )
})

test('text is sealed as UTF-8', () => {
  const { seal, open } = sealer(ring('a', 'a'))
  expect(open('p', seal('p', 'grüße 🌉')).toString()).toBe('grüße 🌉')
})

test('a pinned text of version 1 opens', () => {
  const { open } = sealer(ring('a', 'a'))
  expect(open('credential:1', PINNED).toString()).toBe('{"Authorization":"Bearer x"}')
})

test('two seals of one text share nothing', () => {
  const { seal } = sealer(ring('a', 'a'))
  const nonces = new Set(Array.from({ length: 1000 }, () => seal('p', 'same').slice(5, 21)))
  expect(nonces.size).toBe(1000)
})

test('another purpose, another key and any altered byte do not open', () => {
  const { seal, open, tryOpen } = sealer(ring('a', 'a'))
  const sealed = seal('credential:1', 'secret')
  expect(tryOpen('credential:2', sealed)).toBeNull()
  expect(() => open('credential:2', sealed)).toThrow('credential:2 was altered or moved')
  expect(sealer({ current: 'a', keys: new Map([['a', key(7)]]) }).tryOpen('credential:1', sealed)).toBeNull()
  const [version, id, body = ''] = sealed.split('.')
  const bytes = Buffer.from(body, 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const altered = Buffer.from(bytes)
    altered[at] = (altered[at] ?? 0) ^ 1
    expect(tryOpen('credential:1', `${version}.${id}.${altered.toString('base64url')}`)).toBeNull()
  }
})

test.each(['', 'v1', 'v1.a', 'v1.a.', 'v1.a.AAAA', 'v2.a.' + 'A'.repeat(60), 'a.b.c.d', '.'.repeat(50)])(
  '%j is nothing we sealed',
  (text) => {
    expect(sealer(ring('a', 'a')).tryOpen('p', text)).toBeNull()
    expect(() => sealer(ring('a', 'a')).open('p', text)).toThrow('is not a sealed text')
  },
)

test('a rotated ring opens the old and seals under the new', () => {
  const old = sealer(ring('a', 'a')).seal('p', 'x')
  const both = sealer(ring('b', 'a', 'b'))
  expect(both.open('p', old).toString()).toBe('x')
  expect(both.seal('p', 'x')).toMatch(/^v1\.b\./)
})

test('a missing key is named', () => {
  const old = sealer(ring('a', 'a')).seal('p', 'x')
  expect(() => sealer(ring('b', 'b')).open('p', old)).toThrow("lacks the key 'a'")
  expect(sealer(ring('b', 'b')).tryOpen('p', old)).toBeNull()
  expect(() => sealer(ring('c', 'a', 'b'))).toThrow("lacks the key 'c'")
})

test('keys of another size are refused', () => {
  expect(() => sealer({ current: 'a', keys: new Map([['a', randomBytes(16)]]) })).toThrow("key 'a' of the key ring")
})

const PINNED = 'v1.a.jqhqV8SYZosaCX8mWI30xPfzKeXr4Cixjgn-kO9L-_nMEPnTPmtsayq84TXPYZ49E-EFz7EI1Zk'
