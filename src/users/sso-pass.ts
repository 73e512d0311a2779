import { isSameText, challengeOf } from '#/lib/pkce.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Login, Loopback, SsoLogins } from './sso-login.ts'
import type { Vouched } from './sso.ts'

/**
 * What a program on the browser's machine takes back to the gateway for a session: sealed, good once, for a minute, and for nobody without
 * the verifier of its challenge.
 */
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

/** Where the browser finds the program that waits: at this machine's own address, never at another (RFC 8252, 7.3). */
export const loopbackOrigin = ({ port }: Pick<Loopback, 'port'>): string => `http://127.0.0.1:${port}`

/** Where the browser takes the pass. */
export function loopbackUrl(logins: SsoLogins, { login, vouched, loopback, home }: Bringing): string {
  const { challenge } = loopback
  const { endsAt } = login
  const pass: Pass = {
    login: { state: login.state, endsAt },
    vouched,
    challenge,
    endsAt: Math.min(endsAt, Date.now() + PASS_MS),
  }
  return answerTo(loopback, { code: logins.seal('sso-pass', pass), iss: home })
}

/** Where the browser goes to say that its user did not want to (RFC 6749, 4.1.2.1). */
export function refusedUrl(loopback: Loopback, home: string): string {
  return answerTo(loopback, { error: 'access_denied', iss: home })
}

function answerTo(loopback: Loopback, said: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams({ ...said, state: loopback.state })
  return `${loopbackOrigin(loopback)}/?${query.toString()}`
}

/** What a pass is good for. Throws where it is none, its minute is over, or its bringer is not who asked for it. */
export function openPass(logins: SsoLogins, code: string, verifier: string): Pass {
  const pass = logins.open('sso-pass', code) as Pass | null
  if (pass === null || pass.endsAt <= Date.now() || !isSameText(pass.challenge, challengeOf(verifier)))
    throw new GatewayError('unauthenticated', 'this code is not good, or not any more: sign in again')
  return pass
}
