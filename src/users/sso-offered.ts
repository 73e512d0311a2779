import { clearCookie } from '#/access/session-cookie.ts'
import type { Reply } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { LOGIN_COOKIE } from './sso-login.ts'
import type { SsoDeps } from './sso.ts'

export function offered(sso: SsoDeps | null): SsoDeps {
  if (sso !== null) return sso
  throw new GatewayError('not_found', 'no identity provider is set up here (CAUSEWAY_OIDC)')
}

/** The last answer of a sign-in: the browser forgets that it was under way. */
export function withCookieGone(reply: Reply): Reply {
  return { ...reply, headers: { ...reply.headers, 'set-cookie': clearCookie(LOGIN_COOKIE) } }
}
