import { GatewayError } from '#/errors/gateway-error.ts'
import type { Destination, Login } from './sso-login.ts'
import type { SsoDeps } from './sso.ts'

/** Where a browser begins anew what was to end at the same place. */
export function beginningAt(loginUrl: string, to: Destination): string {
  const url = new URL(loginUrl)
  const { searchParams: query } = url
  if (to !== null && 'page' in to) query.set('page', to.page)
  if (to !== null && 'loopback' in to) {
    const { port, challenge, state } = to.loopback
    query.set('loopback_port', String(port))
    query.set('challenge', challenge)
    query.set('loopback_state', state)
  }
  return url.href
}

type Where = Pick<SsoDeps, 'loginUrl'>

/** The same refusal, where the address that it is the answer to leads nowhere a second time: what it brought was taken. */
export function spent(cause: unknown, { loginUrl }: Where, { to }: Pick<Login, 'to'>): GatewayError {
  const error = GatewayError.from(cause)
  const { code, message, field, retryAfter, data } = error
  return new GatewayError(code, message, {
    cause: error,
    ...(field !== undefined && { field }),
    ...(retryAfter !== undefined && { retryAfter }),
    data: { ...data, begin_at: beginningAt(loginUrl, to) },
  })
}

/** Does what comes after a code was taken to the provider. */
export async function withCodeSpent<T>(where: Where, login: Pick<Login, 'to'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw spent(cause, where, login)
  }
}
