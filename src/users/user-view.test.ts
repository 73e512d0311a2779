import { expect, test } from 'vitest'
import { checkerOf } from '#/api/validate.ts'
import { UserCreate } from './user-view.ts'

const check = checkerOf(UserCreate, 'body')

test.each(['ann', 'a b@example.com', 'a\u0000nn@example.com', 'ann@exa\u007fmple.com'])(
  '%j is no e-mail address',
  (email) => {
    expect(() => check({ email })).toThrow(
      expect.objectContaining({ field: 'email', message: 'email: must be an e-mail address' }),
    )
  },
)

test('a password that is too long is told so', () => {
  expect(() => check({ email: 'ann@example.com', password: 'x'.repeat(15_000) })).toThrow(
    /^password: .*1024 characters/,
  )
})
