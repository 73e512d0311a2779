import { idTokenFault, type IdTokenAlgorithm } from '#/access/id-token.ts'
import { isSignedBy, readJwt, type UnverifiedJwt } from '#/access/jwt.ts'
import type { KeySource } from '#/access/jwt-keys.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { isObject } from '#/lib/is-object.ts'
import type { ProviderLine } from './sso-line.ts'
import { pkceOf, type Login } from './sso-login.ts'
import type { ProviderMetadata } from './sso-metadata.ts'
import type { Vouched } from './sso.ts'
import { redeem, type Client, type Tokens } from './sso-redeem.ts'
import { claimsOf, vouchedIn } from './sso-vouched.ts'

export interface SsoProviderOptions extends Client {
  readonly line: ProviderLine
  readonly scopes: readonly string[]
  readonly groupsClaim: string
  readonly trustsAddresses: boolean
  /** What the provider says of itself, kept for a while. */
  readonly metadata: () => Promise<ProviderMetadata>
  /** The provider's keys for one algorithm, kept. */
  readonly keys: (algorithm: IdTokenAlgorithm, jwksUri: string) => KeySource
}

/** What came back with the browser. */
export interface AuthorizationAnswer {
  readonly code: string
  readonly iss: string | undefined
}

/** What the provider gave for a code. */
export interface Redeemed {
  readonly metadata: ProviderMetadata
  readonly tokens: Tokens
}

export interface SsoProvider {
  /** Where a browser is sent for this login. */
  authorizationUrl(login: Login): Promise<string>
  /** Throws where an answer does not come from the provider (RFC 9207). */
  requireIssuer(iss: string | undefined): Promise<void>
  /** Takes the code of an answer to the provider, which accepts it once. Throws `unauthenticated` where it does not. */
  redeem(login: Login, answer: AuthorizationAnswer, signal: AbortSignal): Promise<Redeemed>
  /** Whom the provider vouches for. Throws `unauthenticated` where it does so for nobody. */
  vouch(login: Login, redeemed: Redeemed, signal: AbortSignal): Promise<Vouched>
}

/** An identity provider (OpenID Connect Core 1.0), by its own metadata. */
export function ssoProvider(options: SsoProviderOptions): SsoProvider {
  const { issuer, clientId, redirectUri, metadata } = options
  return {
    authorizationUrl: async (login) => {
      const url = new URL((await metadata()).authorizationEndpoint)
      const asked = {
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: options.scopes.join(' '),
        state: login.state,
        nonce: login.nonce,
        code_challenge: pkceOf(login),
        code_challenge_method: 'S256',
      }
      for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value)
      return url.href
    },
    requireIssuer: async (iss) => {
      const { namesItself } = await metadata()
      if (iss === undefined ? namesItself : iss !== issuer)
        throw new GatewayError('unauthenticated', 'the answer comes from another identity provider (iss): begin again')
    },
    redeem: async (login, { code }, signal) => {
      const known = await metadata()
      const tokens = await redeem(options, { metadata: known, code, verifier: login.verifier, signal })
      return { metadata: known, tokens }
    },
    vouch: async (login, redeemed, signal) => {
      const { claims } = await verified(options, { ...redeemed, login })
      const more = await userinfo(options, { ...redeemed, claims, signal })
      return vouchedIn(claimsOf(claims, more), options)
    },
  }
}

async function verified(
  options: SsoProviderOptions,
  { metadata, tokens, login }: Redeemed & { readonly login: Login },
): Promise<UnverifiedJwt> {
  const jwt = readJwt(tokens.idToken)
  const algorithm = metadata.algorithms.find((each) => each === jwt?.algorithm)
  if (jwt === null || algorithm === undefined) throw refused('it is not signed in a way that is accepted here')
  const keys = options.keys(algorithm, metadata.jwksUri)
  if (!keys.isKnown || keys.find(jwt.kid) === undefined) await keys.refresh()
  if (!keys.isKnown)
    throw new GatewayError('unavailable', 'the keys of the identity provider cannot be had: try again', {
      retryAfter: 5,
    })
  const key = keys.find(jwt.kid)
  if (key === undefined || !isSignedBy(jwt, key, algorithm)) throw refused('its signature is not good')
  const { issuer, clientId } = options
  const fault = idTokenFault(jwt, { issuer, clientId, nonce: login.nonce }, Date.now())
  if (fault !== null) throw refused(fault)
  return jwt
}

interface Asked extends Redeemed {
  readonly claims: UnverifiedJwt['claims']
  readonly signal: AbortSignal
}

/** What the ID token leaves out; many providers say there only who it is. */
async function userinfo(
  { line, groupsClaim }: SsoProviderOptions,
  { metadata, claims, tokens, signal }: Asked,
): Promise<Readonly<Record<string, unknown>>> {
  const isWhole = claims['email'] !== undefined && claims[groupsClaim] !== undefined
  if (isWhole || metadata.userinfoEndpoint === null || tokens.accessToken === null) return {}
  const authorization = `Bearer ${tokens.accessToken}`
  const { status, document } = await line.askJson({ url: metadata.userinfoEndpoint, authorization, signal })
  if (status >= 500 || status === 429) throw new GatewayError('upstream_unreachable', `its userinfo answered ${status}`)
  if (status !== 200 || !isObject(document)) return {}
  // Of somebody else: nothing of it counts (OpenID Connect Core, 5.3.2).
  if (document['sub'] !== claims['sub']) throw refused('its userinfo is about somebody else')
  return document
}

function refused(why: string): GatewayError {
  return new GatewayError('unauthenticated', `the identity provider's token is not accepted: ${why}`)
}
