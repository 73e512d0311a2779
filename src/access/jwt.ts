import { createHmac, timingSafeEqual, verify, type KeyObject } from 'node:crypto'
import { isObject } from '#/lib/is-object.ts'

export type JwtAlgorithm = 'HS256' | 'RS256' | 'ES256'

/** A signed token as it came: nothing in it is to be believed before its signature was. */
export interface UnverifiedJwt {
  readonly kid: string | undefined
  readonly algorithm: string
  readonly claims: Readonly<Record<string, unknown>>
  /** What was signed, and the signature. */
  readonly signed: string
  readonly signature: Buffer
}

const PART = /^[A-Za-z0-9_-]+$/
const TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt', 'application/jwt'])

/** RFC 7515 and 7519 in compact form; null: no such thing. What `crit` asks for is nothing that we know, so it is none either. */
export function readJwt(text: string): UnverifiedJwt | null {
  const parts = text.split('.')
  const [head = '', body = '', mark = ''] = parts
  if (parts.length !== 3 || ![head, body, mark].every((part) => PART.test(part))) return null
  const header = objectIn(head)
  const claims = objectIn(body)
  const signature = Buffer.from(mark, 'base64url')
  // Another spelling of the same signature is another token.
  if (header === null || claims === null || signature.toString('base64url') !== mark) return null
  const { alg, kid, typ, crit } = header
  const isOfType = typ === undefined || (typeof typ === 'string' && TYPES.has(typ.toLowerCase()))
  if (typeof alg !== 'string' || crit !== undefined || !isOfType) return null
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 256)) return null
  return { kid, algorithm: alg, claims, signed: `${head}.${body}`, signature }
}

function objectIn(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

/** Whether `key` made the signature. The algorithm is the one that was configured, never the one that the token names. */
export function isSignedBy({ signed, signature }: UnverifiedJwt, key: KeyObject, algorithm: JwtAlgorithm): boolean {
  const bytes = Buffer.from(signed)
  if (algorithm === 'HS256') {
    const wanted = createHmac('sha256', key).update(bytes).digest()
    return wanted.length === signature.length && timingSafeEqual(wanted, signature)
  }
  if (algorithm === 'RS256') return verify('sha256', bytes, key, signature)
  return signature.length === NUMBER_BYTES * 2 && verify('sha256', bytes, key, derOf(signature))
}

/** Of P-256 (RFC 7518, 3.4). */
const NUMBER_BYTES = 32
const [SEQUENCE, INTEGER] = [0x30, 0x02]

/** The two numbers of a signature as RFC 3279, 2.2.3 writes them: left to Node's own conversion, a check costs half as much again. */
function derOf(signature: Buffer): Buffer {
  const numbers = [...integerOf(signature.subarray(0, NUMBER_BYTES)), ...integerOf(signature.subarray(NUMBER_BYTES))]
  return Buffer.from([SEQUENCE, numbers.length, ...numbers])
}

/** Positive, in as few bytes as it takes. */
function integerOf(number: Buffer): readonly number[] {
  const first = number.findIndex((byte) => byte !== 0)
  const digits = [...(first === -1 ? number.subarray(-1) : number.subarray(first))]
  if ((digits[0] ?? 0) > 0x7f) digits.unshift(0)
  return [INTEGER, digits.length, ...digits]
}
