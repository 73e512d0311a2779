import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { Type } from '#/api/type.ts'
import type { GatewayId } from '#/access/ids.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { MASK } from '#/lib/mask.ts'
import type { HttpVersion } from '#/mcp/transport.ts'
import type { CredentialSealer } from './declaration.ts'
import type { ClientIdentity, Reach } from './discovery.ts'

/** How a server behind a URL is dialled, beside the URL. */
export interface DialDeclaration {
  /** PEM; the rest of its chain may follow. */
  readonly clientCert: string | null
  /** Sealed PEM. */
  readonly clientKey: string | null
  readonly httpVersion: HttpVersion | null
}

export const PLAIN_DIAL: DialDeclaration = { clientCert: null, clientKey: null, httpVersion: null }

const Pem = (description: string) =>
  Type.Optional(Type.Union([Type.String({ maxLength: 65_536 }), Type.Null()], { description }))

export const dialFields = {
  clientCert: Pem('PEM; shown to a server that asks who we are (mutual TLS). The rest of its chain may follow'),
  clientKey: Pem('PEM without a passphrase; the private key of clientCert. Stored sealed, never shown'),
  httpVersion: Type.Optional(
    Type.Union([Type.String({ maxLength: 8 }), Type.Null()], {
      description: '2 speaks HTTP/2 to this server (h2 over https, with prior knowledge over http); 1.1 is the default',
    }),
  ),
}

export interface DialInput {
  readonly clientCert?: string | null | undefined
  readonly clientKey?: string | null | undefined
  readonly httpVersion?: string | null | undefined
}

interface Context {
  readonly id: GatewayId
  readonly sealer: CredentialSealer
}

/** The options with what a body says replaced. `url`: where they are used, as it will be. */
export function redeclareDial(
  before: DialDeclaration,
  body: DialInput & { readonly url: string | null },
  context: Context,
): DialDeclaration {
  const httpVersion = body.httpVersion === undefined ? before.httpVersion : httpVersionOf(body.httpVersion)
  return { ...identity(before, body, context), httpVersion }
}

function httpVersionOf(text: string | null): HttpVersion | null {
  const version = text?.trim() ?? ''
  if (version === '' || version === '1.1') return null
  if (version === '2') return '2'
  throw refused('httpVersion', "must be '1.1' or '2'")
}

function identity(
  before: DialDeclaration,
  { clientCert, clientKey, url }: DialInput & { readonly url: string | null },
  context: Context,
): Pick<DialDeclaration, 'clientCert' | 'clientKey'> {
  const cert = given(clientCert, before.clientCert)
  const said = clientKey === MASK ? undefined : clientKey
  if (cert === null) {
    if (given(said, null) !== null) throw refused('clientCert', 'is missing: a key alone shows nobody who we are')
    return { clientCert: null, clientKey: null }
  }
  if (url !== null && !url.startsWith('https:'))
    throw refused('clientCert', 'is shown over https only, and the URL is not https')
  const stored = openKey(context.id, before.clientKey, context.sealer)
  const key = given(said, stored)
  if (key === null) throw refused('clientKey', 'is missing: the certificate needs its private key')
  if (cert !== before.clientCert || key !== stored) checkPair(cert, key)
  // Sealed anew it would read as a change.
  const sealed = key === stored ? before.clientKey : context.sealer.seal(purpose(context.id), key)
  return { clientCert: cert, clientKey: sealed }
}

function given(said: string | null | undefined, before: string | null): string | null {
  if (said === undefined) return before
  return said === null || said.trim() === '' ? null : said
}

function checkPair(cert: string, key: string): void {
  const certificate = certificateOf(cert)
  if (!certificate.checkPrivateKey(keyOf(key))) throw refused('clientKey', 'is not the key of clientCert')
  if (certificate.validToDate.getTime() < Date.now())
    throw refused('clientCert', `expired on ${certificate.validToDate.toISOString()}`)
}

function certificateOf(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw refused('clientCert', 'is not a certificate in PEM form')
  }
}

function keyOf(pem: string): KeyObject {
  // Both forms of protected PEM say so in words.
  if (pem.includes('ENCRYPTED'))
    throw refused('clientKey', 'has a passphrase; give it without one: it is stored sealed')
  try {
    return createPrivateKey(pem)
  } catch {
    throw refused('clientKey', 'is not a private key in PEM form')
  }
}

/** When the certificate that a gateway shows ends, for its view. */
export function expiryOf({ clientCert }: Pick<DialDeclaration, 'clientCert'>): string | null {
  return clientCert === null ? null : new X509Certificate(clientCert).validToDate.toISOString()
}

const purpose = (id: GatewayId): string => `client-key:${id}`

function openKey(id: GatewayId, sealed: string | null, sealer: Pick<CredentialSealer, 'open'>): string | null {
  return sealed === null ? null : sealer.open(purpose(id), sealed).toString('utf8')
}

/** What a stored gateway shows a server that asks who we are, in the clear. */
export function openIdentity(
  { id, clientCert, clientKey }: Pick<DialDeclaration, 'clientCert' | 'clientKey'> & { readonly id: GatewayId },
  sealer: Pick<CredentialSealer, 'open'>,
): ClientIdentity | null {
  const key = openKey(id, clientKey, sealer)
  return clientCert === null || key === null ? null : { cert: clientCert, key }
}

/** The part of a way that these options are. */
export function dialReach(
  declared: DialDeclaration & { readonly id: GatewayId },
  sealer: Pick<CredentialSealer, 'open'>,
): Pick<Reach, 'clientIdentity' | 'httpVersion'> {
  return { clientIdentity: openIdentity(declared, sealer), httpVersion: declared.httpVersion }
}

function refused(field: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `${field}: ${why}`, { field })
}
