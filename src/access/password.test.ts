import { expect, test } from 'vitest'
import { hashPassword, NOBODYS_HASH, verifyPassword } from './password.ts'

test('a password fits its own hash and no other; equal passwords have different hashes', async () => {
  const [one, two] = await Promise.all([hashPassword('correct horse battery'), hashPassword('correct horse battery')])
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  expect(one).not.toBe(two)
  expect(await verifyPassword('correct horse battery', one)).toEqual({ right: true, stale: false })
  expect(await verifyPassword('correct horse batterY', one)).toEqual({ right: false, stale: false })
  expect(await verifyPassword('', one)).toEqual({ right: false, stale: false })
})

test('the letters count, not how a keyboard encodes them', async () => {
  const composed = await hashPassword('caf\u00e9 au lait')
  expect((await verifyPassword('cafe\u0301 au lait', composed)).right).toBe(true)
})

/** RFC 9106 leaves the text form to PHC; this one was made by the reference implementation (argon2 0~20190702). */
test('a hash of other parameters is checked with those, and known to be old', async () => {
  const made = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
  expect(await verifyPassword('password', made)).toEqual({ right: true, stale: true })
  expect((await verifyPassword('passwore', made)).right).toBe(false)
})

test('nobody has the password of nobody; what is no hash is a defect', async () => {
  expect((await verifyPassword('', NOBODYS_HASH)).right).toBe(false)
  await expect(verifyPassword('x', 'plain')).rejects.toThrow('no hash')
})
