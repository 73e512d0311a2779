import type { ToolId } from '#/access/ids.ts'
import { credentialOf } from '#/api/credential.ts'
import { checkUpstreamHeader } from '#/api/header-rules.ts'
import { upstreamUrl } from '#/api/upstream-url.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { parseJsonPath } from '#/lib/json-path.ts'
import { MASK } from '#/lib/mask.ts'
import { leadsElsewhere } from '#/lib/leads-elsewhere.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import type { Tool, ToolBacking, ToolSealer } from './tool.ts'
import type { ToolUpdate } from './tool-input.ts'

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'] as const
const TIMEOUT_MS = 20_000
const OWN_TYPES = new Set(['accept', 'content-type'])

/** What is sealed of a tool: headers that the operator gave, and the credential apart from them. */
interface Secrets {
  readonly headers: Readonly<Record<string, string>>
  readonly auth: Readonly<Record<string, string>>
}

const NO_SECRETS: Secrets = { headers: {}, auth: {} }

const FRESH: ToolBacking = {
  url: '',
  method: 'POST',
  timeoutMs: TIMEOUT_MS,
  queryMapping: null,
  headerMapping: null,
  jsonpathFilter: '',
  headerNames: [],
  authType: null,
  authHint: null,
  baseUrl: null,
  pathTemplate: null,
  exposePassthrough: true,
  allowlist: null,
  extensionMetadata: null,
}

const purposeOf = (id: string): string => `credential:${id}`

/** All headers of a call to the API behind a tool, in the clear. */
export function toolHeaders(
  { id, credential }: { readonly id: string; readonly credential: string | null },
  sealer: Pick<ToolSealer, 'open'>,
): Readonly<Record<string, string>> {
  const { headers, auth } = openSecrets(id, credential, sealer)
  return { ...headers, ...auth }
}

function openSecrets(id: string, credential: string | null, sealer: Pick<ToolSealer, 'open'>): Secrets {
  if (credential === null) return NO_SECRETS
  return JSON.parse(sealer.open(purposeOf(id), credential).toString('utf8')) as Secrets
}

/** The backing with what a body says replaced and the rest as it is, and the secrets to keep with it. */
export function rebacked(
  before: Pick<Tool, 'credential'> & { readonly backing: ToolBacking | null },
  { id, body, sealer }: { readonly id: ToolId; readonly body: ToolUpdate; readonly sealer: ToolSealer },
): { readonly backing: ToolBacking; readonly credential: string | null } {
  const was = before.backing ?? FRESH
  const place = urlOf(body, was)
  const elsewhere = leadsElsewhere(was.url === '' ? null : was.url, place.url)
  const stored = openSecrets(id, before.credential, sealer)
  const secrets = elsewhere ? NO_SECRETS : stored
  const headers = body.headers === undefined ? secrets.headers : headersOf(body.headers, secrets.headers)
  const credential = credentialOf(body, secrets.auth)
  if (elsewhere && isThere(stored.headers) && body.headers === undefined) throw invalid('headers', STAYS)
  if (elsewhere && isThere(stored.auth) && credential === undefined) throw invalid('authType', STAYS)
  const auth = credential === undefined ? secrets.auth : (credential?.headers ?? {})
  const backing: ToolBacking = {
    ...was,
    ...place,
    method: methodOf(body.requestType, was.method),
    timeoutMs: pick(body.timeoutMs, was.timeoutMs, TIMEOUT_MS),
    queryMapping: pick(body.queryMapping, was.queryMapping, null),
    headerMapping: mappedHeaders(pick(body.headerMapping, was.headerMapping, null)),
    jsonpathFilter: filterOf(pick(body.jsonpathFilter, was.jsonpathFilter, '')),
    headerNames: Object.keys(headers),
    ...(credential === undefined ? {} : { authType: credential?.type ?? null, authHint: credential?.hint ?? null }),
    exposePassthrough: pick(body.exposePassthrough, was.exposePassthrough, true),
    allowlist: pick(body.allowlist, was.allowlist, null),
    extensionMetadata: pick(body.extensionMetadata, was.extensionMetadata, null),
  }
  requireAllowed(backing)
  const isSecret = isThere(headers) || isThere(auth)
  return { backing, credential: isSecret ? sealer.seal(purposeOf(id), JSON.stringify({ headers, auth })) : null }
}

const STAYS = 'the URL leads to another host, which is not sent what is secret of the one before: give it again'

const isThere = (secrets: object): boolean => Object.keys(secrets).length > 0

function pick<T>(given: T | null | undefined, before: T, none: T): T {
  return given === undefined ? before : (given ?? none)
}

function headersOf(
  given: Readonly<Record<string, string>> | null,
  stored: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given ?? {}).map(([name, value]) => {
      const key = name.trim().toLowerCase()
      const real = value === MASK ? stored[key] : value
      if (real === undefined) throw invalid('headers', `${key} needs a value`)
      // An API may want a body in a type of its own; what frames a message stays ours.
      checkUpstreamHeader(OWN_TYPES.has(key) ? 'x' : key, real, 'headers')
      return [key, real]
    }),
  )
}

function mappedHeaders(mapping: ToolBacking['headerMapping']): ToolBacking['headerMapping'] {
  for (const name of Object.values(mapping ?? {})) checkUpstreamHeader(name.toLowerCase(), '', 'headerMapping')
  return mapping
}

/** A URL may hold `{name}` behind its host. */
function urlOf(body: ToolUpdate, was: ToolBacking): Pick<ToolBacking, 'url' | 'baseUrl' | 'pathTemplate'> {
  const split = body.baseUrl ?? body.pathTemplate
  const isAsShown = was.url !== '' && body.url === shownUrl(was.url)
  if (isAsShown || (body.url == null && split == null)) {
    if (was.url === '') throw invalid('url', 'is required: where the API behind the tool lies')
    return { url: was.url, baseUrl: was.baseUrl, pathTemplate: was.pathTemplate }
  }
  const base = body.baseUrl ?? was.baseUrl
  const path = body.pathTemplate ?? was.pathTemplate ?? ''
  const text = body.url ?? `${(base ?? '').replace(/\/$/, '')}/${path.replace(/^\//, '')}`
  const filled = (value: string): URL => new URL(upstreamUrl(text.replaceAll(/\{[\w-]+\}/g, value)))
  const { origin } = filled('a')
  if (filled('b').origin !== origin) throw invalid('url', 'must not have an argument in its host')
  const rest = text.slice(text.indexOf('//') + 2)
  const slash = rest.search(/[/?]/)
  return { url: text, baseUrl: origin, pathTemplate: slash === -1 ? '/' : rest.slice(slash).split('?', 1)[0] || '/' }
}

/** What cannot be followed is refused when it is said, not when the tool is called. */
function filterOf(text: string): string {
  if (text !== '' && parseJsonPath(text) === undefined) throw invalid('jsonpathFilter', WANTED_PATH)
  return text
}

const WANTED_PATH =
  'must be a JSONPath (RFC 9535) whose filters compare what names and indexes lead to, without patterns'

function methodOf(given: string | null | undefined, before: ToolBacking['method']): ToolBacking['method'] {
  if (given == null) return before
  const method = METHODS.find((one) => one === given.toUpperCase())
  if (method === undefined) throw invalid('requestType', `must be one of ${METHODS.join(', ')}`)
  return method
}

function requireAllowed({ allowlist, url, baseUrl }: ToolBacking): void {
  if (allowlist === null || allowlist.length === 0) return
  const { host, hostname } = new URL(baseUrl ?? url)
  const hosts = allowlist.map((each) => URL.parse(each)?.host ?? each.toLowerCase())
  if (!hosts.includes(host) && !hosts.includes(hostname)) throw invalid('url', `${host} is not in the allowlist`)
}

function invalid(field: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `${field}: ${why}`, { field })
}
