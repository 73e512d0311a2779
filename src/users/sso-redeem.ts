import { GatewayError } from '#/errors/gateway-error.ts'
import { isObject } from '#/lib/is-object.ts'
import type { ProviderLine } from './sso-line.ts'
import type { ProviderMetadata } from './sso-metadata.ts'

/** How the provider knows us. */
export interface Client {
  readonly issuer: string
  readonly clientId: string
  /** null: a public client, known by PKCE alone. */
  readonly clientSecret: string | null
  readonly redirectUri: string
}

export interface Tokens {
  readonly idToken: string
  /** null: it gave none. */
  readonly accessToken: string | null
}

interface Redeeming {
  readonly metadata: ProviderMetadata
  readonly code: string
  readonly verifier: string
  readonly signal: AbortSignal
}

/** The tokens for a code (RFC 6749, 4.1.3, with the verifier of RFC 7636). */
export async function redeem(
  { line, ...client }: Client & { readonly line: ProviderLine },
  { metadata, code, verifier, signal }: Redeeming,
): Promise<Tokens> {
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirectUri,
    code_verifier: verifier,
  })
  const authorization = identified(client, metadata, form)
  const { status, document } = await line.askJson({ url: metadata.tokenEndpoint, authorization, form, signal })
  if (status !== 200) throw refusal(status, document)
  const { id_token: idToken, access_token: accessToken } = isObject(document) ? document : {}
  if (typeof idToken !== 'string')
    throw new GatewayError('upstream_invalid', 'it gave no ID token: is the scope openid allowed for the client?')
  return { idToken, accessToken: typeof accessToken === 'string' ? accessToken : null }
}

/** Who we are goes into a header or, where the provider wants that, into the form. */
function identified(
  { clientId, clientSecret }: Client,
  { secretInForm }: ProviderMetadata,
  form: URLSearchParams,
): string | undefined {
  if (clientSecret !== null && !secretInForm) {
    const pair = `${encoded(clientId)}:${encoded(clientSecret)}`
    return `Basic ${Buffer.from(pair).toString('base64')}`
  }
  form.set('client_id', clientId)
  if (clientSecret !== null) form.set('client_secret', clientSecret)
  return undefined
}

/** As in a form (RFC 6749, 2.3.1). */
const encoded = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2)

/** A code that is not good is its bringer's matter, anything else the operator's. */
function refusal(status: number, document: unknown): GatewayError {
  const error = isObject(document) && typeof document['error'] === 'string' ? document['error'] : ''
  if (error === 'invalid_grant')
    return new GatewayError('unauthenticated', 'the identity provider does not accept this code: begin again')
  const said = /^[a-z_]{1,40}$/.test(error) ? ` (${error})` : ''
  return new GatewayError('upstream_invalid', `the identity provider refused this gateway: ${status}${said}`)
}
