import { createPublicKey } from 'node:crypto'
import { isSafeOnItsWay } from './read-settings.ts'
import type { Values } from './settings.ts'

/** Whose signed tokens are accepted. */
export interface JwtConfig {
  readonly issuer: string
  readonly audience: string
  readonly algorithm: 'HS256' | 'RS256' | 'ES256'
  readonly keys: { readonly text: string } | { readonly url: string }
}

const SHORTEST_SECRET = 32

/** null: none are. What is wrong is added to `problems`. */
export function jwtConfig(values: Values, problems: string[]): JwtConfig | null {
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_ALGORITHM: algorithm } = values
  const { JWT_SECRET_KEY: text, JWT_JWKS_URL: url } = values
  if (issuer === null) return null
  if (audience === null) problems.push('JWT_AUDIENCE must be set with JWT_ISSUER: for whom its tokens have to be')
  if ((text === null) === (url === null)) {
    problems.push('one of JWT_SECRET_KEY and JWT_JWKS_URL must be set with JWT_ISSUER: how its tokens are checked')
    return null
  }
  if (values.CAUSEWAY_PUBLIC_REGISTRATION) problems.push(REGISTRATION)
  const fault = text === null ? faultOfUrl(url ?? '', algorithm) : faultOf(text, algorithm)
  if (fault !== null) problems.push(fault)
  return { issuer, audience: audience ?? '', algorithm, keys: text === null ? { url: url ?? '' } : { text } }
}

const NO_URL = 'JWT_JWKS_URL has public keys, which HS256 has none of: set JWT_SECRET_KEY, or another JWT_ALGORITHM'

const REGISTRATION =
  'CAUSEWAY_PUBLIC_REGISTRATION and JWT_ISSUER exclude each other: a stranger could register the e-mail address of somebody ' +
  'whom the issuer knows, and be who its tokens stand for'

/** Whoever can change the document on its way can sign as anybody. */
function faultOfUrl(url: string, algorithm: JwtConfig['algorithm']): string | null {
  if (algorithm === 'HS256') return NO_URL
  return isSafeOnItsWay(new URL(url))
    ? null
    : 'JWT_JWKS_URL must be https, unless it is of this machine: who changes the document on its way could sign as anybody'
}

function faultOf(text: string, algorithm: JwtConfig['algorithm']): string | null {
  if (algorithm === 'HS256') {
    if (text.startsWith('-----BEGIN'))
      return 'JWT_SECRET_KEY is a key in PEM, which HS256 has none of: set JWT_ALGORITHM'
    return Buffer.byteLength(text) < SHORTEST_SECRET
      ? `JWT_SECRET_KEY must have ${SHORTEST_SECRET} bytes or more`
      : null
  }
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: { modulusLength = 0, namedCurve } = {} } = createPublicKey(
      text.replaceAll('\\n', '\n'),
    )
    const fits =
      algorithm === 'RS256' ? type === 'rsa' && modulusLength >= 2048 : type === 'ec' && namedCurve === 'prime256v1'
    return fits ? null : `JWT_SECRET_KEY is no key for ${algorithm}: RSA of 2048 bits or more, or P-256`
  } catch {
    return `JWT_SECRET_KEY must be a public key in PEM for ${algorithm}`
  }
}
