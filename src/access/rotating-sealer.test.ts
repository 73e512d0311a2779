import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { rotatingSealer } from './rotating-sealer.ts'
import { sealer, type KeyRing } from './sealing.ts'

const [a, b] = [randomBytes(32), randomBytes(32)]
const old: KeyRing = { current: 'a', keys: new Map([['a', a]]) }
const both: KeyRing = { current: 'b', keys: new Map([...old.keys, ['b', b]]) }

function living() {
  const state = { kept: old, reads: 0, at: 0 }
  const read = (): KeyRing => {
    state.reads++
    return state.kept
  }
  return { state, keys: rotatingSealer(old, read, () => state.at) }
}

test('what somebody else sealed under a new key opens at once, and what was sealed before still does', () => {
  const { state, keys } = living()
  const before = keys.seal('p', 'one')
  state.kept = both
  const after = sealer(both).seal('p', 'two')
  expect(keys.open('p', after).toString()).toBe('two')
  expect(keys.tryOpen('p', before)?.toString()).toBe('one')
  expect([keys.currentKeyId, keys.keyIds, state.reads]).toEqual(['b', ['a', 'b'], 1])
  expect(keys.seal('p', 'three')).toMatch(/^v1\.b\./)
})

test('keys that a stranger makes up cost one look a second', () => {
  const { state, keys } = living()
  for (let n = 0; n < 1000; n++) expect(keys.tryOpen('p', `v1.k${n}.${'A'.repeat(60)}`)).toBeNull()
  expect(state.reads).toBe(1)
  state.at = 1_000
  expect(keys.tryOpen('p', `v1.x.${'A'.repeat(60)}`)).toBeNull()
  expect(state.reads).toBe(2)
})

test('a ring that cannot be read leaves the one before in use', () => {
  const keys = rotatingSealer(old, () => {
    throw new Error('it is being replaced')
  })
  const sealed = keys.seal('p', 'one')
  keys.reload()
  expect(keys.open('p', sealed).toString()).toBe('one')
  expect(() => keys.open('p', sealer(both).seal('p', 'two'))).toThrow(/lacks the key 'b'/)
})
