import { X509Certificate } from 'node:crypto'
import type { GatewayId } from '#/access/ids.ts'
import { tagsOf } from '#/api/tags.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { slugify } from '#/lib/slug.ts'
import type { Transport } from '#/mcp/transport.ts'
import { credentialOf, type Credential } from '#/api/credential.ts'
import { passthroughNames } from '#/api/header-rules.ts'
import { declaredPlace } from '#/api/place.ts'
import { upstreamUrl } from '#/api/upstream-url.ts'
import { leadsElsewhere } from '#/lib/leads-elsewhere.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import { PLAIN_DIAL, redeclareDial } from './dial-options.ts'
import type { Declaration } from './gateway.ts'
import type { GatewayCreate, GatewayUpdate } from './gateway-input.ts'
import { redeclareStdio, refuseStdioFields } from './stdio-declaration.ts'

/** Seals and opens what is kept of a credential; the purpose ties a text to its gateway. */
export interface CredentialSealer {
  seal(purpose: string, plain: string): string
  open(purpose: string, sealed: string): Buffer
}

export interface Declared {
  readonly declaration: Declaration
  /** What to send upstream now: the stored credential, or one that is used once. */
  readonly headers: Readonly<Record<string, string>>
}

export const credentialPurpose = (id: GatewayId): string => `credential:${id}`

const FRESH: Omit<Declaration, 'name' | 'slug'> = {
  url: null,
  stdio: null,
  description: null,
  transport: null,
  tags: [],
  passthroughHeaders: [],
  authType: null,
  authHint: null,
  credential: null,
  caCertificate: null,
  ...PLAIN_DIAL,
  refreshIntervalSeconds: null,
  timeoutMs: null,
  teamId: null,
  visibility: 'public',
}

/** What a create asks for, checked as far as that goes without the network. */
export function declare(id: GatewayId, body: GatewayCreate, sealer: CredentialSealer): Declared {
  return redeclare({ ...FRESH, name: body.name, slug: '' }, { id, body, sealer })
}

/** The declaration with what a body says replaced, and the rest as it is. */
export function redeclare(
  before: Declaration,
  { id, body, sealer }: { readonly id: GatewayId; readonly body: GatewayUpdate; readonly sealer: CredentialSealer },
): Declared {
  const where = whereOf(before, body, { id, sealer })
  const elsewhere = leadsElsewhere(before.url, where.url)
  const stored = elsewhere ? null : openCredential(id, before.credential, sealer)
  const credential = credentialOf(body, stored)
  if (elsewhere && before.credential !== null && credential === undefined) throw invalid('url', STAYS)
  const name = body.name ?? before.name
  const kept = credential !== undefined && !(credential !== null && body.oneTimeAuth === true)
  const declaration: Declaration = {
    name,
    slug: slugOf(name),
    ...where,
    description: pick(body.description, before.description),
    tags: body.tags === undefined ? before.tags : tagsOf(body.tags),
    passthroughHeaders: passthroughOf(body.passthroughHeaders) ?? before.passthroughHeaders,
    ...(kept ? sealed(id, credential, sealer) : authOf(before)),
    caCertificate: body.caCertificate === undefined ? before.caCertificate : certificate(body.caCertificate),
    ...redeclareDial(before, { ...body, url: where.url }, { id, sealer }),
    refreshIntervalSeconds: pick(body.refreshIntervalSeconds, before.refreshIntervalSeconds),
    timeoutMs: pick(body.timeoutMs, before.timeoutMs),
    ...declaredPlace(body, before),
  }
  return { declaration, headers: credential === undefined ? (stored ?? {}) : (credential?.headers ?? {}) }
}

/** The headers that are sealed in a gateway's row; null: it has none. */
export function openCredential(
  id: GatewayId,
  credential: string | null,
  sealer: Pick<CredentialSealer, 'open'>,
): Record<string, string> | null {
  if (credential === null) return null
  return JSON.parse(sealer.open(credentialPurpose(id), credential).toString('utf8')) as Record<string, string>
}

type Auth = Pick<Declaration, 'authType' | 'authHint' | 'credential'>

function sealed(id: GatewayId, credential: Credential | null, sealer: CredentialSealer): Auth {
  if (credential === null) return { authType: null, authHint: null, credential: null }
  const text = sealer.seal(credentialPurpose(id), JSON.stringify(credential.headers))
  return { authType: credential.type, authHint: credential.hint, credential: text }
}

function authOf({ authType, authHint, credential }: Declaration): Auth {
  return { authType, authHint, credential }
}

type Where = Pick<Declaration, 'url' | 'stdio' | 'transport'>

/** A URL that comes back as it was shown, with what is secret masked, is the one that is there. */
function givenUrl(given: string, before: string | null): string {
  const url = upstreamUrl(given)
  return before !== null && url === shownUrl(before) ? before : url
}

/** A URL and how it is spoken to, or a command: one of the two, for good. */
function whereOf(
  before: Declaration,
  body: GatewayUpdate,
  context: { readonly id: GatewayId; readonly sealer: CredentialSealer },
): Where {
  const transport = body.transport === undefined ? before.transport : transportOf(body.transport)
  const isNew = before.url === null && before.stdio === null
  const hasCommand = before.stdio !== null || (isNew && (transport === 'STDIO' || (body.command ?? '') !== ''))
  if (body.transport != null && transport !== null && !isNew && (transport === 'STDIO') !== hasCommand)
    throw invalid('transport', 'a gateway keeps to its command or its URL: delete it and register the other')
  if (hasCommand) return { url: null, transport: 'STDIO', stdio: redeclareStdio(before.stdio, body, context) }
  refuseStdioFields(body)
  const url = body.url == null ? before.url : givenUrl(body.url, before.url)
  if (url === null) throw invalid('url', 'is required, or a command to run')
  return { url, transport, stdio: null }
}

const STAYS =
  'leads to another host, which is not sent the credential of the one before: give it again, or say authType "none"'

function slugOf(name: string): string {
  const slug = slugify(name)
  if (slug === '') throw invalid('name', 'must hold at least one letter or digit')
  return slug
}

function transportOf(text: string | null): Transport | null {
  const transport = text?.toUpperCase().replaceAll(/[^A-Z]/g, '') ?? ''
  if (transport === '' || transport === 'AUTO') return null
  if (transport === 'STREAMABLEHTTP' || transport === 'SSE' || transport === 'STDIO') return transport
  throw invalid('transport', 'STREAMABLEHTTP, SSE and STDIO are spoken to upstreams; leave the field out to find out')
}

function passthroughOf(input: readonly string[] | string | null | undefined): readonly string[] | undefined {
  if (input === undefined) return undefined
  const names = typeof input === 'string' ? input.split(',') : (input ?? [])
  return passthroughNames(names.map((name) => name.trim()).filter((name) => name !== ''))
}

function certificate(pem: string | null): string | null {
  if (pem === null || pem.trim() === '') return null
  try {
    return new X509Certificate(pem).ca ? pem : refuse()
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : invalid('caCertificate', 'is not a certificate in PEM form')
  }
}

function refuse(): never {
  throw invalid('caCertificate', "is not a certificate authority's certificate")
}

function pick<T>(given: T | undefined, before: T): T {
  return given === undefined ? before : given
}

function invalid(field: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `${field}: ${why}`, { field })
}
