import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mintToken, tokenForm, tokenHash } from './token-format.ts'

test('a minted token has the form, its hash and its first characters', () => {
  const token = mintToken()
  expect(token.text).toMatch(/^cw_[A-Za-z0-9_-]{49}$/)
  expect(token.hash.toString('hex')).toBe(tokenHash(token.text))
  expect(token.hint).toBe(token.text.slice(0, 8))
  expect(tokenForm(token.text)).toBe('whole')
  expect(mintToken().text).not.toBe(token.text)
})

test('the hash is SHA-256 of the whole text', () => {
  expect(tokenHash('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('every single slip is noticed', () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('')
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 51 }), fc.constantFrom(...letters), (at, letter) => {
      const { text } = mintToken()
      fc.pre(text[at] !== letter)
      expect(tokenForm(text.slice(0, at) + letter + text.slice(at + 1))).toBe('mistyped')
    }),
  )
})

test.each([
  ['', 'none'],
  ['eyJhbGciOiJIUzI1NiJ9.e30.x', 'none'],
  ['cw_', 'mistyped'],
  ['cw_short', 'mistyped'],
] as const)('%j is %s', (text, form) => expect(tokenForm(text)).toBe(form))

test('a token that lost its end is mistyped', () => {
  expect(tokenForm(mintToken().text.slice(0, -1))).toBe('mistyped')
})
