import { expect, test } from 'vitest'
import { cipherOf, headersOf } from './cipher.ts'

const SECRET = 'Zx8Lw3Qe7Rt2Yu9Io4Pa6Sd1Fg5Hj0Kv'

test('what another gateway wrote', () => {
  const text = 'YzaSp5BORGKv8R89JrjRKvrrZzFCaIvwLUjnYLvtT2NaShWr2vWDDHCKv10pmfPZo6s_32N-3AodFiGXOQ'
  expect(headersOf(text, SECRET)).toEqual({ Authorization: 'Bearer sekret' })
})

test('what is written here opens again, with the same secret only', () => {
  const text = cipherOf({ 'X-Key': 'é' }, SECRET)
  expect(headersOf(text, SECRET)).toEqual({ 'X-Key': 'é' })
  expect(text).not.toBe(cipherOf({ 'X-Key': 'é' }, SECRET))
  for (const wrong of [() => headersOf(text, 'other'), () => headersOf('AAAA', SECRET), () => headersOf('', SECRET)])
    expect(wrong).toThrow(expect.objectContaining({ code: 'invalid_field', field: 'source_secret' }))
})
