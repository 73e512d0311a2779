import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export interface SigningKey {
  readonly kid: string
  readonly alg: 'HS256' | 'RS256' | 'ES256'
  readonly privateKey: KeyObject | string
  /** As a JWKS document has it. */
  readonly jwk: Readonly<Record<string, unknown>>
  readonly pem: string
}

/** A new key pair of an identity provider. */
export function signingKey(alg: 'RS256' | 'ES256', kid: string): SigningKey {
  const { privateKey, publicKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }
  return { kid, alg, privateKey, jwk, pem: publicKey.export({ format: 'pem', type: 'spki' }).toString() }
}

export const sharedSecret = (secret: string): SigningKey => ({
  kid: '',
  alg: 'HS256',
  privateKey: secret,
  jwk: {},
  pem: '',
})

/** A token as an identity provider makes it; the header may say something else than what is done. */
export function signed(key: SigningKey, claims: object, header: object = {}): string {
  const head = part({ alg: key.alg, typ: 'JWT', ...(key.kid !== '' && { kid: key.kid }), ...header })
  const text = `${head}.${part(claims)}`
  return `${text}.${signatureOf(key, Buffer.from(text)).toString('base64url')}`
}

function signatureOf({ alg, privateKey }: SigningKey, bytes: Buffer): Buffer {
  if (alg === 'HS256') return createHmac('sha256', privateKey).update(bytes).digest()
  const key = privateKey as KeyObject
  return sign('sha256', bytes, alg === 'RS256' ? key : { key, dsaEncoding: 'ieee-p1363' })
}
