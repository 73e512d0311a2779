import { expect, test } from 'vitest'
import { requireGoodPassword } from './password-rules.ts'

const check = (password: string) => () => requireGoodPassword(password, 'ann@example.com', 'password')

test.each([
  'mellow-brook-seven',
  'a sentence with blanks',
  'Tr0ub4dor&3xyz',
  'пароль-из-кириллицы',
  '🐈🐕🐎🐄🐖🐏🐑🐐🦌🐇🐿🦔',
])('%s is good', (password) => expect(check(password)).not.toThrow())

test.each([
  ['short', '12 characters'],
  ['x'.repeat(257), 'at most 256'],
  ['aaaaaaaaaaaa', 'repeats itself'],
  ['abababababab', 'repeats itself'],
  ['Password123!', 'everybody tries'],
  ['changeme-2026!', 'everybody tries'],
  ['qwertyuiop12', 'everybody tries'],
  ['ann@example.com1', 'more than the e-mail'],
])('%s is not: %s', (password, why) => {
  expect(check(password)).toThrow(why)
  expect(check(password)).toThrow(expect.objectContaining({ code: 'invalid_field', field: 'password' }))
})
