import { clearCookie } from '#/access/session-cookie.ts'
import type { Refusal, Reply } from '#/api/endpoint.ts'
import type { ErrorCode } from '#/errors/codes.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { LOGIN_COOKIE } from './sso-login.ts'
import type { SsoDeps } from './sso.ts'

export function offered(sso: SsoDeps | null): SsoDeps {
  if (sso !== null) return sso
  throw new GatewayError('not_found', 'no identity provider is set up here (CAUSEWAY_OIDC)')
}

/** Who was refused by name is done with this sign-in; anything else can be over in a moment, or be another sign-in's. */
const IS_OVER = new Set<ErrorCode>(['unauthenticated', 'forbidden'])

/** Browsers are sent here, so people see what became of it. */
export const SIGN_IN_REFUSAL: Refusal = {
  title: 'You are not signed in',
  headers: ({ code, data }) =>
    IS_OVER.has(code) || data?.['begin_at'] !== undefined ? { 'set-cookie': clearCookie(LOGIN_COOKIE) } : {},
}

/** The last answer of a sign-in: the browser forgets that it was under way. */
export function withCookieGone(reply: Reply): Reply {
  const { 'set-cookie': cookies = [], ...headers } = reply.headers ?? {}
  return { ...reply, headers: { ...headers, 'set-cookie': [cookies, clearCookie(LOGIN_COOKIE)].flat() } }
}
