import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { newHeader, readHeader } from './header.ts'

const ABOUT = { product: '1.2.3', madeAt: '2026-11-23T00:00:00.000Z' }
const PASSPHRASE = 'correct horse battery staple'
const { bytes, key } = await newHeader(ABOUT, PASSPHRASE)

/** A header that says something else and whose digest fits. */
function saying(change: object): Buffer {
  const [magic = '', said = '{}'] = bytes.toString().split('\n')
  const lines = `${magic}\n${JSON.stringify({ ...(JSON.parse(said) as object), ...change })}\n`
  return Buffer.from(`${lines}${createHash('sha256').update(lines).digest('hex')}\n`)
}

test('it says what it is without the passphrase, and opens with it, however it was typed', async () => {
  const header = readHeader(Buffer.concat([bytes, Buffer.from('whatever follows')]))
  expect(header).toMatchObject({ ...ABOUT, format: 1, length: bytes.length })
  expect(await header.open(PASSPHRASE)).toEqual(key)
  const accented = await newHeader(ABOUT, 'caf\u00e9 caf\u00e9 caf\u00e9')
  expect(await readHeader(accented.bytes).open('cafe\u0301 cafe\u0301 cafe\u0301')).toEqual(accented.key)
})

test('another passphrase is told from damage', async () => {
  await expect(readHeader(bytes).open('correct horse battery stapler')).rejects.toThrow(/passphrase is not the one/)
})

test('any byte altered, or anything missing, is told', () => {
  for (let at = 0; at < bytes.length; at++) {
    const altered = Buffer.from(bytes)
    altered[at] = (altered[at] ?? 0) ^ 1
    expect(() => readHeader(altered), `byte ${at}`).toThrow(/is damaged|no backup of Causeway/)
    expect(() => readHeader(bytes.subarray(0, at)), `${at} bytes`).toThrow(/is damaged|no backup of Causeway/)
  }
})

test('a newer format names the version that made it', () => {
  expect(() => readHeader(saying({ format: 2, product: '9.0.0' }))).toThrow(
    /newer version \(Causeway 9\.0\.0, format 2\)/,
  )
})

test('a header cannot ask for all memory', () => {
  const kdf = { name: 'scrypt', N: 2 ** 30, r: 8, p: 1, salt: 'AAAA' }
  expect(() => readHeader(saying({ kdf }))).toThrow(/how its key is made/)
})
