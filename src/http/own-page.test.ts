import { describe, expect, test } from 'vitest'
import { csrfTokenOf } from '#/access/session-cookie.ts'
import { mintToken } from '#/access/token-format.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { ownPages } from './own-page.ts'

const { text } = mintToken()
const COOKIE = { cookie: `__Host-causeway=${text}` }
const LOCAL = 'localhost:4444'
const PUBLIC = 'mcp.example.com'
const TLS = 'https://mcp.example.com'

type Fields = Readonly<Record<string, string>>

/** Whose request it is taken for: the cookie's, or the code of the refusal. */
function verdict(method: string, headers: Fields, publicUrl: string | null = null): string {
  const request = { method, headers, rawHeaders: Object.entries(headers).flat() }
  try {
    return ownPages(publicUrl).credentialOf(request as never) === text ? 'cookie' : 'bearer'
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error)
  }
}

const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

/** What is asked with a session cookie, from where, to read and to change something. */
const TABLE: readonly (readonly [string, Fields, string | null, string, string])[] = [
  ['a page of ours', { host: LOCAL, 'sec-fetch-site': 'same-origin' }, null, 'cookie', 'cookie'],
  ['by its Origin alone', { host: LOCAL, origin: `http://${LOCAL}` }, null, 'cookie', 'cookie'],
  ['by both', { host: LOCAL, origin: `http://${LOCAL}`, 'sec-fetch-site': 'same-origin' }, null, 'cookie', 'cookie'],
  ['at the public URL', { host: PUBLIC, origin: TLS }, TLS, 'cookie', 'cookie'],
  ['in capitals', { host: 'MCP.example.com', origin: 'https://MCP.example.com' }, TLS, 'cookie', 'cookie'],
  ['behind a proxy with a Host of its own', { host: '127.0.0.1:4444', origin: TLS }, TLS, 'cookie', 'cookie'],
  ['TLS on this machine', { host: LOCAL, origin: `https://${LOCAL}` }, null, 'cookie', 'cookie'],
  ['IPv6', { host: '[::1]:4444', origin: 'http://[::1]:4444' }, null, 'cookie', 'cookie'],
  ['nobody says from where', { host: LOCAL }, null, 'cookie', 'forbidden_page'],
  ['its CSRF token', { host: LOCAL, 'x-csrf-token': csrfTokenOf(text) }, null, 'cookie', 'cookie'],
  ['another CSRF token', { host: LOCAL, 'x-csrf-token': csrfTokenOf('cw_x') }, null, 'cookie', 'forbidden_page'],
  ['an empty CSRF token', { host: LOCAL, 'x-csrf-token': '' }, null, 'cookie', 'forbidden_page'],
  ['another port', { host: LOCAL, origin: 'http://localhost:5173' }, null, 'forbidden_page', 'forbidden_page'],
  ['another name of this machine', { host: LOCAL, origin: 'http://127.0.0.1:4444' }, null, ...both('forbidden_page')],
  ['another scheme', { host: PUBLIC, origin: 'http://mcp.example.com' }, TLS, ...both('forbidden_page')],
  [
    'this machine, asked by the public name',
    { host: PUBLIC, origin: `http://${LOCAL}` },
    TLS,
    ...both('forbidden_page'),
  ],
  ['the Origin null', { host: LOCAL, origin: 'null' }, null, ...both('forbidden_page')],
  ['a page of a neighbour', { host: LOCAL, 'sec-fetch-site': 'same-site' }, null, ...both('forbidden_page')],
  ['a page of a stranger', { host: LOCAL, 'sec-fetch-site': 'cross-site' }, null, ...both('forbidden_page')],
  [
    'a stranger that knows the CSRF token',
    { host: LOCAL, 'sec-fetch-site': 'cross-site', 'x-csrf-token': csrfTokenOf(text) },
    null,
    ...both('forbidden_page'),
  ],
  ['two words', { host: LOCAL, 'sec-fetch-site': 'same-origin, cross-site' }, null, ...both('forbidden_page')],
  [
    'ours, and an Origin that is not',
    { host: LOCAL, origin: 'http://a', 'sec-fetch-site': 'same-origin' },
    null,
    ...both('forbidden_page'),
  ],
  [
    'our Origin, and another site',
    { host: LOCAL, origin: `http://${LOCAL}`, 'sec-fetch-site': 'cross-site' },
    null,
    ...both('forbidden_page'),
  ],
  ['a link elsewhere', { host: LOCAL, ...link }, null, 'cookie', 'forbidden_page'],
  ['an address typed', { host: LOCAL, ...link, 'sec-fetch-site': 'none' }, null, 'cookie', 'forbidden_page'],
  ['a frame elsewhere', { host: LOCAL, ...link, 'sec-fetch-dest': 'iframe' }, null, ...both('forbidden_page')],
  ['an image elsewhere', { host: LOCAL, ...link, 'sec-fetch-mode': 'no-cors' }, null, ...both('forbidden_page')],
  ['in the clear', { host: 'mcp.lan', origin: 'http://mcp.lan' }, 'http://mcp.lan', ...both('unauthenticated')],
  [
    'in the clear, to a name that begins like ours',
    { host: 'localhost.evil.example' },
    null,
    ...both('unauthenticated'),
  ],
]

function both(one: string): readonly [string, string] {
  return [one, one]
}

describe.each(TABLE)('%s', (_, headers, publicUrl, reading, changing) => {
  test.each(['GET', 'HEAD', 'OPTIONS'])(`%s: ${reading}`, (method) =>
    expect(verdict(method, { ...headers, ...COOKIE }, publicUrl)).toBe(reading),
  )
  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'get', 'QUERY'])(`%s: ${changing}`, (method) =>
    expect(verdict(method, { ...headers, ...COOKIE }, publicUrl)).toBe(changing),
  )
  test('with a bearer token beside the cookie it is about that, from wherever it comes', () =>
    expect(verdict('POST', { ...headers, ...COOKIE, authorization: 'Bearer cw_other' }, publicUrl)).toBe('bearer'))
  test('without a cookie it is nobody’s', () => expect(verdict('POST', headers, publicUrl)).toBe('unauthenticated'))
})

test('a bad Authorization field does not fall back to the cookie', () =>
  expect(verdict('GET', { host: LOCAL, ...COOKIE, authorization: 'Basic eDp5' })).toBe('unauthenticated'))

test('a session becomes a cookie only for a page of ours, where it goes over TLS or nowhere', () => {
  const asked = (headers: Fields, publicUrl: string | null = null): string => {
    try {
      const browser = ownPages(publicUrl).browserOf(headers)
      browser.requireSecure()
      browser.requireOwnPage()
      return 'may'
    } catch (error) {
      return GatewayError.from(error).code
    }
  }
  expect(asked({ host: LOCAL, origin: `http://${LOCAL}` })).toBe('may')
  expect(asked({ host: PUBLIC, 'sec-fetch-site': 'same-origin' }, TLS)).toBe('may')
  expect(asked({ host: LOCAL })).toBe('forbidden_page')
  expect(asked({ host: LOCAL, ...link })).toBe('forbidden_page')
  expect(asked({ host: LOCAL, origin: 'http://localhost:5173' })).toBe('forbidden_page')
  expect(asked({ host: 'mcp.lan', origin: 'http://mcp.lan' }, 'http://mcp.lan')).toBe('invalid_request')
})
