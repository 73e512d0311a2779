import { csrfTokenOf, setSessionCookie } from '#/access/session-cookie.ts'
import type { Browser } from '#/api/browser.ts'
import { Type } from '#/api/type.ts'
import type { Session } from './session.ts'

/** Of a body that asks for a session. */
export const AsCookie = Type.Optional(
  Type.Boolean({
    description:
      'true: for pages of this gateway. The session comes as a cookie that no script can read, and the answer says no token',
  }),
)

/** What every answer with a session says of its token. */
export const HandedOver = {
  access_token: Type.Optional(
    Type.String({ description: 'To be sent as `Authorization: Bearer …`; not there where the session is a cookie' }),
  ),
  token_type: Type.String({ description: 'bearer or cookie' }),
  csrf_token: Type.Optional(
    Type.String({
      description: 'With a cookie: for X-CSRF-Token, where a browser says neither Origin nor Sec-Fetch-Site',
    }),
  ),
  expires_in: Type.Integer({ description: 'Seconds; POST /auth/refresh gives another before that' }),
}

/** Where a session is to be a cookie: refused before anything is done, unless it can be one. */
export function requireCookies(browser: Browser): void {
  browser.requireSecure()
  browser.requireOwnPage()
}

export interface HandOver {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, string | number>>
}

/** The token of a session: in the answer, or in a cookie and nowhere else. */
export function handOver({ text, lifeMs }: Pick<Session, 'text' | 'lifeMs'>, asCookie: boolean): HandOver {
  const expiresIn = Math.floor(lifeMs / 1000)
  if (!asCookie) return { headers: {}, body: { access_token: text, token_type: 'bearer', expires_in: expiresIn } }
  return {
    headers: { 'set-cookie': setSessionCookie(text, lifeMs) },
    body: { token_type: 'cookie', csrf_token: csrfTokenOf(text), expires_in: expiresIn },
  }
}
