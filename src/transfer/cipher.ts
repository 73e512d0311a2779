import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { GatewayError } from '#/errors/gateway-error.ts'

const NONCE = 12
const TAG = 16

const keyOf = (secret: string): Buffer => createHash('sha256').update(secret, 'utf8').digest()

/** Headers under a secret, as exports of such gateways carry them: base64url of nonce ‖ AES-256-GCM ‖ tag. */
export function cipherOf(headers: Readonly<Record<string, string>>, secret: string): string {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret), nonce)
  const sealed = Buffer.concat([cipher.update(JSON.stringify(headers), 'utf8'), cipher.final()])
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url')
}

/** The headers in the clear. Throws `invalid_field` where the secret is another one or the text is damaged. */
export function headersOf(text: string, secret: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(text, 'base64url')
  try {
    if (bytes.length < NONCE + TAG) throw new RangeError('too short')
    const decipher = createDecipheriv('aes-256-gcm', keyOf(secret), bytes.subarray(0, NONCE))
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG))
    const plain = Buffer.concat([decipher.update(bytes.subarray(NONCE, bytes.length - TAG)), decipher.final()])
    const value: unknown = JSON.parse(plain.toString('utf8'))
    const entries = Object.entries(Object(value) as Record<string, unknown>)
    return Object.fromEntries(entries.map(([name, each]) => [name, String(each)]))
  } catch (cause) {
    throw new GatewayError('invalid_field', 'auth_value does not open with this secret: give that of the source', {
      cause,
      field: 'source_secret',
    })
  }
}
