import type { FrontRequest } from './front-request.ts'

/** Name, value, name, value … */
type Fields = readonly string[]
type Named = Readonly<Record<string, string>>

export interface WebOptions {
  readonly publicUrl: string | null
  /** Pages of these origins may call with a token of their own, never with a cookie. */
  readonly corsOrigins: readonly string[]
}

/** What answers say to browsers. All of it is made once, when the process starts. */
export interface WebAnswers {
  /** Of an answer at the doors that programs use; nothing, where no browser can have asked. */
  fieldsFor(request: FrontRequest, status: number): Fields
  /** Of an answer of REST. */
  namedFor(request: FrontRequest): Named
  /** Of the answer to a page's question whether it may call. undefined: this is none, or it may not. */
  preflightFor(request: FrontRequest): Fields | undefined
}

/** Nobody may take an answer for another type, show it in a frame, load it into a page, or learn from where it was reached. */
const EVERY: Named = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  vary: 'Origin, Authorization, Cookie',
}

/** A year, for this host alone: what else is under its domain is not ours to decide. */
const TLS_ONLY: Named = { 'strict-transport-security': 'max-age=31536000' }

/** What a page of an allowed origin may read besides the fields that any page may. */
const EXPOSED = [
  'Mcp-Session-Id',
  'Mcp-Protocol-Version',
  'WWW-Authenticate',
  'Retry-After',
  'ETag',
  'Location',
  'X-Request-Id',
  'X-Password-Change-Required',
].join(', ')

/** `*` stands for every field but Authorization, and for nothing where credentials of the browser come along: here they never do. */
const PREFLIGHT: Named = {
  'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers': 'Authorization, *',
  'access-control-max-age': '600',
}

interface Said {
  readonly fields: Fields
  readonly named: Named
  readonly preflight: Fields
}

const NONE: Fields = []

export function webAnswers({ publicUrl, corsOrigins }: WebOptions): WebAnswers {
  const every = publicUrl?.startsWith('https:') === true ? { ...EVERY, ...TLS_ONLY } : EVERY
  const closed = said(every)
  const open = new Map(corsOrigins.map((origin) => [origin, said({ ...every, ...mayRead(origin) })]))
  const saidTo = (origin: string | undefined): Said => (origin !== undefined && open.get(origin)) || closed
  return {
    fieldsFor: ({ method, headers: { origin } }, status) =>
      // A browser says the origin of every POST.
      origin === undefined && method === 'POST' && status < 400 ? NONE : saidTo(origin).fields,
    namedFor: ({ headers }) => saidTo(headers.origin).named,
    preflightFor: ({ method, headers }) => {
      // Nothing else is looked at on the way of a call.
      if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return undefined
      return open.get(headers.origin ?? '')?.preflight
    },
  }
}

function mayRead(origin: string): Named {
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED }
}

function said(named: Named): Said {
  return {
    fields: Object.entries(named).flat(),
    named: { 'cache-control': 'no-store', ...named },
    preflight: Object.entries({ ...named, ...PREFLIGHT }).flat(),
  }
}
