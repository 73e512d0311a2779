import { isSameText, challengeOf } from '#/lib/pkce.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Login, Loopback, SsoLogins } from './sso-login.ts'
import type { Vouched } from './sso.ts'

/** What a program on the browser's machine takes back to the gateway for a session: sealed, good for a minute and once. */
export interface Pass {
  readonly login: Pick<Login, 'state' | 'endsAt'>
  readonly vouched: Vouched
  readonly challenge: string
  readonly endsAt: number
}

const PASS_MS = 60_000

interface Bringing {
  readonly login: Login
  readonly vouched: Vouched
  readonly loopback: Loopback
  /** Our own origin: the program is to see that it is the gateway that it asked (RFC 9207). */
  readonly home: string
}

/** Where the browser takes the pass: to this machine's own address, never to another (RFC 8252, 7.3). */
export function loopbackUrl(logins: SsoLogins, { login, vouched, loopback, home }: Bringing): string {
  const { port, challenge, state } = loopback
  const { endsAt } = login
  const pass: Pass = {
    login: { state: login.state, endsAt },
    vouched,
    challenge,
    endsAt: Math.min(endsAt, Date.now() + PASS_MS),
  }
  const url = new URL(`http://127.0.0.1:${port}/`)
  url.searchParams.set('code', logins.seal(pass))
  url.searchParams.set('state', state)
  url.searchParams.set('iss', home)
  return url.href
}

/** What a pass is good for. Throws where it is none, its minute is over, or its bringer is not who asked for it. */
export function openPass(logins: SsoLogins, code: string, verifier: string): Pass {
  const pass = logins.open(code) as Pass | null
  if (pass === null || pass.endsAt <= Date.now() || !isSameText(pass.challenge, challengeOf(verifier)))
    throw new GatewayError('unauthenticated', 'this code is not good, or not any more: sign in again')
  return pass
}
