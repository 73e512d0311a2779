import { ID_TOKEN_ALGORITHMS, type IdTokenAlgorithm } from '#/access/id-token.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { isObject } from '#/lib/is-object.ts'

/** What a provider says of itself (OpenID Connect Discovery 1.0), as far as a sign-in needs it. */
export interface ProviderMetadata {
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  /** null: it has none, and everything stands in the ID token. */
  readonly userinfoEndpoint: string | null
  readonly jwksUri: string
  /** How its ID tokens may be signed, of what is accepted here. */
  readonly algorithms: readonly IdTokenAlgorithm[]
  /** It names itself in every answer (RFC 9207): one without is not its. */
  readonly namesItself: boolean
  /** A client's secret goes into the form rather than into a header. */
  readonly secretInForm: boolean
}

export const discoveryUrl = (issuer: string): string => `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`

/** Throws `upstream_invalid` where the document is not that of `issuer`, or leads elsewhere than over TLS. */
export function providerMetadata(document: unknown, issuer: string): ProviderMetadata {
  if (!isObject(document) || document['issuer'] !== issuer)
    throw invalid(`it is not the issuer ${issuer}: CAUSEWAY_OIDC has to name it as it names itself`)
  const place = placesOf(document, issuer)
  const said = textsIn(document['id_token_signing_alg_values_supported'])
  const algorithms = ID_TOKEN_ALGORITHMS.filter((each) => said.length === 0 || said.includes(each))
  if (algorithms.length === 0) throw invalid(`it signs ID tokens in none of ${ID_TOKEN_ALGORITHMS.join(', ')}`)
  const methods = textsIn(document['token_endpoint_auth_methods_supported'])
  return {
    authorizationEndpoint: place('authorization_endpoint'),
    tokenEndpoint: place('token_endpoint'),
    userinfoEndpoint: document['userinfo_endpoint'] === undefined ? null : place('userinfo_endpoint'),
    jwksUri: place('jwks_uri'),
    algorithms,
    namesItself: document['authorization_response_iss_parameter_supported'] === true,
    secretInForm: methods.length > 0 && !methods.includes('client_secret_basic'),
  }
}

/** Who is reached over TLS does not send us on to where everybody may listen. */
function placesOf(document: Readonly<Record<string, unknown>>, issuer: string): (name: string) => string {
  const { protocol } = new URL(issuer)
  return (name) => {
    const text = document[name]
    const url = typeof text === 'string' ? URL.parse(text) : null
    if (url === null || (url.protocol !== 'https:' && url.protocol !== protocol))
      throw invalid(`its ${name} is no ${protocol}// URL`)
    return url.href
  }
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

function invalid(why: string): GatewayError {
  return new GatewayError('upstream_invalid', `the identity provider cannot be used: ${why}`)
}
