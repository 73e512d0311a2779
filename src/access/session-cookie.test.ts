import { expect, test } from 'vitest'
import {
  CLEAR_SESSION_COOKIE,
  clearCookie,
  cookieCredential,
  cookieIn,
  csrfTokenOf,
  isCsrfTokenOf,
  sessionTokenIn,
  setCookie,
  setSessionCookie,
} from './session-cookie.ts'
import { mintToken } from './token-format.ts'

const { text } = mintToken()

/** What browsers see, to the letter. */
test('the fields', () => {
  const rest = 'Path=/; Secure; HttpOnly; SameSite=Lax'
  expect(setSessionCookie('cw_x', 3_600_999)).toBe(`__Host-causeway=cw_x; Max-Age=3600; ${rest}`)
  expect(setSessionCookie('cw_x', -1)).toBe(`__Host-causeway=cw_x; Max-Age=0; ${rest}`)
  expect(CLEAR_SESSION_COOKIE).toBe(`__Host-causeway=; Max-Age=0; ${rest}`)
  expect(setCookie('__Host-other', 'v', 1_000)).toBe(`__Host-other=v; Max-Age=1; ${rest}`)
  expect(clearCookie('__Host-other')).toBe(`__Host-other=; Max-Age=0; ${rest}`)
})

const FIELDS: readonly (readonly [string, string | undefined, string | undefined])[] = [
  ['none', undefined, undefined],
  ['alone', `__Host-causeway=${text}`, text],
  ['among others', `a=b; __Host-causeway=${text};c=d`, text],
  ['another’s', `x__Host-causeway=${text}`, undefined],
  ['a longer name', `__Host-causeway2=${text}`, undefined],
  ['another case', `__host-causeway=${text}`, undefined],
  ['twice', `__Host-causeway=${text}; __Host-causeway=${text}`, undefined],
  ['empty', '__Host-causeway=', undefined],
  ['in quotes', `__Host-causeway="${text}"`, undefined],
  ['a token that somebody else signed', '__Host-causeway=eyJhbGciOiJIUzI1NiJ9.e30.c2ln', undefined],
  ['too long to be looked at', `a=${'b'.repeat(20_000)}; __Host-causeway=${text}`, undefined],
]

test.each(FIELDS)('%s', (_, field, token) => expect(sessionTokenIn(field)).toBe(token))

test('any cookie by its name', () => {
  expect(cookieIn('__Host-a=1; __Host-b=2=3', '__Host-b')).toBe('2=3')
  expect(cookieIn('__Host-a=1', '__Host-b')).toBeUndefined()
})

test('an Authorization field alone counts where there is one', () => {
  const cookie = `__Host-causeway=${text}`
  expect(cookieCredential({ cookie })).toBe(text)
  expect(cookieCredential({ cookie, authorization: 'Bearer cw_other' })).toBeUndefined()
  expect(cookieCredential({ cookie, authorization: '' })).toBeUndefined()
})

test('a CSRF token is its session’s and nobody else’s', () => {
  const token = csrfTokenOf(text)
  expect(token).toMatch(/^[\w-]{43}$/)
  expect(isCsrfTokenOf(text, token)).toBe(true)
  for (const wrong of ['', token.slice(1), `${token}a`, csrfTokenOf(mintToken().text), text])
    expect(isCsrfTokenOf(text, wrong)).toBe(false)
})
