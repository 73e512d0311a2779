import { bearerOf } from '#/access/bearer.ts'
import { cookieCredential, isCsrfTokenOf } from '#/access/session-cookie.ts'
import type { Browser } from '#/api/browser.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { FrontRequest } from './front-request.ts'
import { isLoopbackHost } from './loopback.ts'

/** Which cookies count, and for whose pages. */
export interface OwnPages {
  /** The token of a request, from its Authorization field or, where there is none, its session cookie. */
  credentialOf(request: FrontRequest): string
  browserOf(headers: Headers): Browser
  /** Throws where another site's page has a browser ask for what is more than a link. Programs, which say nothing of a page, may. */
  requirePage(request: FrontRequest): void
}

type Headers = FrontRequest['headers']

const SAFE = new Set<string | undefined>(['GET', 'HEAD', 'OPTIONS'])

/** Pages of this gateway are those at its public URL and, on this machine, those at the very host and port that is asked. */
export function ownPages(publicUrl: string | null): OwnPages {
  const shown = publicUrl === null ? null : new URL(publicUrl)
  const isTls = shown?.protocol === 'https:'
  const isSecure = ({ host = '' }: Headers): boolean => isTls || isLoopbackHost(host)
  const isOurs = (origin: string, { host = '' }: Headers): boolean => {
    const asked = origin.toLowerCase()
    return asked === shown?.origin || (isLoopbackHost(host) && isAt(asked, host.toLowerCase()))
  }
  return {
    credentialOf: (request) => {
      const token = isSecure(request.headers) ? cookieCredential(request.headers) : undefined
      if (token === undefined) return bearerOf(request.rawHeaders)
      requirePage(request, token, pageOf(request.headers, isOurs))
      return token
    },
    requirePage: ({ method, headers }) => {
      if (pageOf(headers, isOurs) !== 'other' || (SAFE.has(method) && isFollowedLink(headers))) return
      throw otherPage(headers, 'what a proxy says of a browser')
    },
    browserOf: (headers) => ({
      requireSecure: () => {
        if (!isSecure(headers)) throw notSecure()
      },
      requireOwnPage: () => {
        const page = pageOf(headers, isOurs)
        if (page !== 'own') throw page === 'other' ? otherPage(headers) : nobodysPage(BY_PAGE)
      },
    }),
  }
}

const isAt = (origin: string, host: string): boolean => origin === `http://${host}` || origin === `https://${host}`

type Page = 'own' | 'other' | 'unsaid'

/** Whose page made a request, as its browser says in fields that no script can write. */
function pageOf(headers: Headers, isOurs: (origin: string, headers: Headers) => boolean): Page {
  const { origin, 'sec-fetch-site': site } = headers
  if (origin !== undefined && !isOurs(origin, headers)) return 'other'
  if (site !== undefined && site !== 'same-origin') return 'other'
  return origin === undefined && site === undefined ? 'unsaid' : 'own'
}

/** What changes nothing may also be come to by a link, or by a browser that says nothing; a change takes proof. */
function requirePage({ method, headers }: FrontRequest, token: string, page: Page): void {
  if (page === 'own') return
  if (page === 'other') {
    if (SAFE.has(method) && isFollowedLink(headers)) return
    throw otherPage(headers)
  }
  if (SAFE.has(method)) return
  const said = headers['x-csrf-token']
  if (typeof said !== 'string') throw nobodysPage(BY_TOKEN)
  if (!isCsrfTokenOf(token, said))
    throw refusal('X-CSRF-Token is not that of this session: GET /auth/csrf-token says it')
}

/** Somebody typed the address or followed a link; no page asks for what it could read or show. */
function isFollowedLink({ origin, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest }: Headers): boolean {
  return origin === undefined && mode === 'navigate' && dest === 'document'
}

const BY_PAGE = 'send Origin or Sec-Fetch-Site, as a page of this gateway does'
const BY_TOKEN = 'browsers say it in Origin or Sec-Fetch-Site; else send X-CSRF-Token (GET /auth/csrf-token)'

function nobodysPage(how: string): GatewayError {
  return refusal(`a session cookie is only for pages of this gateway, and none is named: ${how}`)
}

function otherPage(
  { origin = '(none)', 'sec-fetch-site': site = '(none)' }: Headers,
  what = 'a session cookie',
): GatewayError {
  const from = `Origin ${origin.slice(0, 200)}, Sec-Fetch-Site ${site.slice(0, 20)}`
  return refusal(`${what} is only for pages of this gateway, and this request is from elsewhere: ${from}`)
}

function notSecure(): GatewayError {
  const message =
    'a cookie would travel in the clear here: reach the gateway by https (CAUSEWAY_PUBLIC_URL) or from its own machine'
  return new GatewayError('invalid_request', message)
}

const refusal = (message: string): GatewayError => new GatewayError('forbidden_page', message)
