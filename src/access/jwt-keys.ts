import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { isObject } from '#/lib/is-object.ts'
import type { JwtAlgorithm } from './jwt.ts'

/** The keys of an issuer, as they are known now. */
export interface KeySource {
  /** False: nobody can say now which keys are good. */
  readonly isKnown: boolean
  find(kid: string | undefined): KeyObject | undefined
  /** Changes with the keys: what was checked under another number is to be checked again. */
  readonly generation: number
  /** Asks for the keys anew, where that may help; undefined: not now. Never rejects. */
  refresh(): Promise<void> | undefined
}

const NEVER = { isKnown: true, generation: 0, refresh: () => undefined }

/** One key, given once. Throws where it does not fit the algorithm. */
export function givenKey(text: string, algorithm: JwtAlgorithm): KeySource {
  const key = algorithm === 'HS256' ? createSecretKey(Buffer.from(text)) : createPublicKey(text.replaceAll('\\n', '\n'))
  if (algorithm !== 'HS256' && !fits(key, algorithm)) throw new TypeError(`the key is not one for ${algorithm}`)
  return { ...NEVER, find: () => key }
}

/** RSA of 2048 bits or more, or P-256. */
function fits(key: KeyObject, algorithm: JwtAlgorithm): boolean {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (algorithm === 'RS256') return key.asymmetricKeyType === 'rsa' && modulusLength >= 2048
  return algorithm === 'ES256' && key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1'
}

const MOST_KEYS = 100

/**
 * The keys of a JWKS document (RFC 7517) that may sign with `algorithm`, by their ids; the rest is no matter of ours. Throws where there
 * is none: an error page would otherwise take the keys that are known.
 */
export function keysOf(document: unknown, algorithm: JwtAlgorithm): ReadonlyMap<string, KeyObject> {
  const list = isObject(document) && Array.isArray(document['keys']) ? (document['keys'] as readonly unknown[]) : []
  const keys = new Map<string, KeyObject>()
  for (const jwk of list.slice(0, MOST_KEYS)) {
    if (!isObject(jwk)) continue
    const { kty, use, alg, kid = '', n, e, crv, x, y } = jwk
    if (typeof kid !== 'string' || (use !== undefined && use !== 'sig') || (alg !== undefined && alg !== algorithm))
      continue
    const key = publicKey({ kty, n, e, crv, x, y })
    if (key !== null && fits(key, algorithm) && !keys.has(kid)) keys.set(kid, key)
  }
  if (keys.size === 0) throw new TypeError(`the document has no key for ${algorithm}`)
  return keys
}

/** Of what is private in it, nothing is read. */
function publicKey(jwk: Readonly<Record<string, unknown>>): KeyObject | null {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return null
  }
}
