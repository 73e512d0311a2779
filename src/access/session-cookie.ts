import { createHmac } from 'node:crypto'
import { isSameText } from '#/lib/pkce.ts'

/**
 * The session of a browser. `__Host-` has the browser itself see to it that the cookie came over TLS (or from this machine), from this
 * very host, and is good for all of it: no other subdomain can plant or read one (RFC 6265bis, 4.1.3.2).
 */
export const SESSION_COOKIE = '__Host-causeway'

/** A page of another site that leads here brings it, so that links work; nothing else from there does. */
const ALWAYS = 'Path=/; Secure; HttpOnly; SameSite=Lax'

/** The value of a `Set-Cookie` field. `name` begins with `__Host-`; `value` needs no quotes. */
export function setCookie(name: `__Host-${string}`, value: string, lifeMs: number): string {
  return `${name}=${value}; Max-Age=${Math.max(0, Math.floor(lifeMs / 1000))}; ${ALWAYS}`
}

/** Has the browser forget it. */
export function clearCookie(name: `__Host-${string}`): string {
  return setCookie(name, '', 0)
}

/** For as long as the token is good: after that the browser has nothing to send. */
export function setSessionCookie(token: string, lifeMs: number): string {
  return setCookie(SESSION_COOKIE, token, lifeMs)
}

export const CLEAR_SESSION_COOKIE = clearCookie(SESSION_COOKIE)

const MAX_LENGTH = 16 << 10

/** The value of a cookie in a `Cookie` field. undefined: it is not there, or there more than once, and who knows which one counts. */
export function cookieIn(field: string | undefined, name: string): string | undefined {
  if (field === undefined || field.length > MAX_LENGTH) return undefined
  const values = field
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  return values.length === 1 ? values[0] : undefined
}

/** Only tokens made here come as cookies. */
const TOKEN = /^cw_[A-Za-z0-9_-]{1,128}$/

/** The token in the session cookie. */
export function sessionTokenIn(field: string | undefined): string | undefined {
  const value = cookieIn(field, SESSION_COOKIE)
  return value !== undefined && TOKEN.test(value) ? value : undefined
}

interface Credentials {
  readonly authorization?: string | undefined
  readonly cookie?: string | undefined
}

/** The token of a request that is made in the name of a cookie. Where there is an Authorization field, that alone counts, be it good or bad. */
export function cookieCredential({ authorization, cookie }: Credentials): string | undefined {
  return authorization === undefined ? sessionTokenIn(cookie) : undefined
}

/** What a page of ours may know of a session and nobody else can: made from its token, which cannot be made from it. */
export function csrfTokenOf(token: string): string {
  return createHmac('sha256', token).update('causeway csrf').digest('base64url')
}

export function isCsrfTokenOf(token: string, said: string): boolean {
  return isSameText(said, csrfTokenOf(token))
}
