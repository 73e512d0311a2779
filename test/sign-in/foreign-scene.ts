import { sharedSecret, signingKey } from '../support/signed-tokens.ts'
import { ForeignTokens } from '#/access/foreign-tokens.ts'
import type { UserId } from '#/access/ids.ts'
import { givenKey } from '#/access/jwt-keys.ts'
import type { JwtAlgorithm } from '#/access/jwt.ts'
import { tokenHash } from '#/access/token-format.ts'

export const ISSUER = 'https://issuer.example.com'
export const SERVER = 'a'.repeat(32)
export const ANN = '1'.repeat(32) as UserId
export const NOW = Date.UTC(2026, 0, 1)
export const SECRET = 'a-secret-of-thirty-two-bytes-or-more'
export const keys = { RS256: signingKey('RS256', 'r1'), ES256: signingKey('ES256', 'e1'), HS256: sharedSecret(SECRET) }
export const users = { userByEmail: (email: string) => (email === 'ann@example.com' ? ANN : undefined) }

/** The tokens of an issuer with one key, given once. */
export function tokens(algorithm: JwtAlgorithm): ForeignTokens {
  const rules = {
    issuer: ISSUER,
    audience: 'causeway',
    publicUrl: 'https://mcp.example.com',
    trustsAddresses: algorithm === 'HS256',
  }
  const source = givenKey(algorithm === 'HS256' ? SECRET : keys[algorithm].pem, algorithm)
  return new ForeignTokens({ rules, algorithm, keys: source })
}
export const seconds = Math.floor(NOW / 1000)
export const claims = (over: object = {}) => ({
  iss: ISSUER,
  aud: 'causeway',
  sub: 'somebody',
  email: 'Ann@example.com',
  email_verified: true,
  iat: seconds - 10,
  exp: seconds + 600,
  ...over,
})
export const find = (which: ForeignTokens, text: string, now = NOW) => which.find(text, tokenHash(text), { users, now })
