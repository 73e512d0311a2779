import { SKEW_S } from './jwt-claims.ts'
import type { JwtAlgorithm, UnverifiedJwt } from './jwt.ts'

/** How an ID token may be signed: by the provider's own key, never by a secret that others share. */
export const ID_TOKEN_ALGORITHMS = ['RS256', 'ES256'] as const satisfies readonly JwtAlgorithm[]
export type IdTokenAlgorithm = (typeof ID_TOKEN_ALGORITHMS)[number]

/** What an ID token has to say to be the answer to one sign-in. */
export interface IdTokenRules {
  readonly issuer: string
  readonly clientId: string
  readonly nonce: string
}

/** Why a token that is signed well is not the answer (OpenID Connect Core, 3.1.3.7); null: it is. */
export function idTokenFault({ claims }: UnverifiedJwt, rules: IdTokenRules, nowMs: number): string | null {
  const now = nowMs / 1000
  const { iss, sub, exp, iat, nbf, nonce } = claims
  if (iss !== rules.issuer) return 'it is of another issuer'
  const fault = audienceFault(claims, rules.clientId)
  if (fault !== null) return fault
  if (typeof sub !== 'string' || sub === '' || sub.length > 255) return 'it names nobody (sub)'
  if (typeof exp !== 'number' || typeof iat !== 'number') return 'it does not say when it was made and expires'
  if (exp + SKEW_S <= now) return 'it has expired'
  if (nbf !== undefined && typeof nbf !== 'number') return 'its times are not numbers'
  if (Math.max(iat, nbf ?? iat) - SKEW_S > now) return 'it is not valid yet'
  return nonce === rules.nonce ? null : 'it is the answer to another sign-in (nonce)'
}

/** For us, and made for us: with several audiences somebody else's token could be shown here. */
function audienceFault({ aud, azp }: UnverifiedJwt['claims'], clientId: string): string | null {
  const audiences = Array.isArray(aud) ? (aud as readonly unknown[]) : [aud]
  if (!audiences.includes(clientId)) return 'it is for another client (aud)'
  if (azp === undefined && audiences.length > 1) return 'it is for several clients and does not say whose it is (azp)'
  return azp === undefined || azp === clientId ? null : 'it was made for another client (azp)'
}
