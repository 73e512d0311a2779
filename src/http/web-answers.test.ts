import { describe, expect, test } from 'vitest'
import { webAnswers } from './web-answers.ts'

const APP = 'https://app.example.com'
const OPEN = webAnswers({ publicUrl: null, corsOrigins: [APP] })
const CLOSED = webAnswers({ publicUrl: null, corsOrigins: [] })
const TLS = webAnswers({ publicUrl: 'https://mcp.example.com', corsOrigins: [APP] })

type Fields = Readonly<Record<string, string>>
const request = (method: string, headers: Fields = {}) => ({ method, headers }) as never
const named = (fields: readonly string[] = []): Fields =>
  Object.fromEntries(Array.from({ length: fields.length / 2 }, (_, n) => [fields[2 * n], fields[2 * n + 1]]))

const EVERY = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  vary: 'Origin, Authorization, Cookie',
}
const READABLE = {
  'access-control-allow-origin': APP,
  'access-control-expose-headers':
    'Mcp-Session-Id, Mcp-Protocol-Version, WWW-Authenticate, Retry-After, ETag, Location, X-Request-Id, X-Password-Change-Required',
}

describe('what answers say at the doors of programs', () => {
  test('a program’s call is answered with nothing more', () => {
    expect(OPEN.fieldsFor(request('POST'), 200)).toEqual([])
    expect(OPEN.fieldsFor(request('POST'), 202)).toEqual([])
  })

  test.each([
    ['a page', request('POST', { origin: 'https://other.example' }), 200],
    ['a link', request('GET'), 405],
    ['a probe', request('GET'), 200],
    ['a refusal', request('POST'), 401],
  ])('%s is told everything', (_, asked, status) => expect(named(OPEN.fieldsFor(asked, status))).toEqual(EVERY))

  test('a page that may call may read', () =>
    expect(named(OPEN.fieldsFor(request('POST', { origin: APP }), 200))).toEqual({ ...EVERY, ...READABLE }))
})

describe('what answers of REST say', () => {
  const NO_STORE = { 'cache-control': 'no-store' }
  test('everything, to everybody', () => {
    expect(CLOSED.namedFor(request('GET'))).toEqual({ ...EVERY, ...NO_STORE })
    expect(OPEN.namedFor(request('POST', { origin: `${APP}:8443` }))).toEqual({ ...EVERY, ...NO_STORE })
  })
  test('and to a page that may call, that it may read', () =>
    expect(OPEN.namedFor(request('GET', { origin: APP }))).toEqual({ ...EVERY, ...NO_STORE, ...READABLE }))
  test('and over TLS, that it is to stay so', () => {
    const said = { ...EVERY, ...NO_STORE, 'strict-transport-security': 'max-age=31536000' }
    expect(TLS.namedFor(request('GET'))).toEqual(said)
  })
})

describe('a page asks whether it may call', () => {
  const asked = (origin: string) => request('OPTIONS', { origin, 'access-control-request-method': 'POST' })

  test('the allowed one hears with what', () =>
    expect(named(OPEN.preflightFor(asked(APP)))).toEqual({
      ...EVERY,
      ...READABLE,
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': 'Authorization, *',
      'access-control-max-age': '600',
    }))

  test.each([
    ['another page', asked('https://other.example')],
    ['the same host at another port', asked(`${APP}:8443`)],
    ['the same host without TLS', asked('http://app.example.com')],
    ['null', asked('null')],
    ['a name of the prototype', asked('__proto__')],
    ['nobody', request('OPTIONS', { 'access-control-request-method': 'POST' })],
    ['an OPTIONS that is no such question', request('OPTIONS', { origin: APP })],
    ['a POST', request('POST', { origin: APP, 'access-control-request-method': 'POST' })],
  ])('%s hears nothing', (_, asking) => expect(OPEN.preflightFor(asking)).toBeUndefined())
})

test('no answer ever allows credentials, or everybody', () => {
  for (const { fields } of [OPEN, TLS].map((web) => ({
    fields: web.fieldsFor(request('GET', { origin: APP }), 200),
  }))) {
    expect(fields).not.toContain('access-control-allow-credentials')
    expect(named(fields)['access-control-allow-origin']).toBe(APP)
  }
})
