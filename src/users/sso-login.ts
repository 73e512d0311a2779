import { hash } from 'node:crypto'
import { challengeOf, isSameText, randomText } from '#/lib/pkce.ts'
import type { Sealer } from '#/access/sealing.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

/** A program on the machine of the browser that waits for the end of a sign-in (RFC 8252, 7.3). */
export interface Loopback {
  readonly port: number
  /** S256 of what only that program knows. */
  readonly challenge: string
  /** Given back to it. */
  readonly state: string
}

/** A sign-in under way. It lies sealed with the browser that began it, and nowhere else. */
export interface Login {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  /** ms since the epoch. */
  readonly endsAt: number
  readonly to: Destination
}

/** How a sign-in ends: in the answer, at a program's port, or as a cookie on a page of ours (a path). */
export type Destination = null | { readonly loopback: Loopback } | { readonly page: string }

export const LOGIN_COOKIE = '__Host-causeway-login'

export interface SsoLogins {
  begin(to: Destination): { readonly login: Login; readonly sealed: string }
  /** The login that `state` is the answer to. Throws where there is none, it is another browser's, or its time is over. */
  find(sealed: string | undefined, state: string): Login
  /** What is given out on the way: it opens as what it was sealed for. */
  seal(purpose: Purpose, value: object): string
  open(purpose: Purpose, sealed: string): unknown
}

/** For whoever confirms a sign-in in the browser, and for the program that waits for it. */
type Purpose = 'sso-consent' | 'sso-pass'

export const LOGIN_MS = 600_000
const LOGIN = 'sso-login'

export function ssoLogins(sealer: Sealer, now: () => number = Date.now): SsoLogins {
  return {
    begin: (to) => {
      const made = { state: randomText(), nonce: randomText(), verifier: randomText() }
      const login = { ...made, endsAt: now() + LOGIN_MS, to }
      return { login, sealed: sealer.seal(LOGIN, JSON.stringify(login)) }
    },
    find: (sealed, state) => {
      const plain = sealed === undefined ? null : sealer.tryOpen(LOGIN, sealed)
      if (plain === null) throw none()
      const login = JSON.parse(plain.toString()) as Login
      if (!isSameText(login.state, state) || login.endsAt <= now()) throw none()
      return login
    },
    seal: (purpose, value) => sealer.seal(purpose, JSON.stringify(value)),
    open: (purpose, sealed) => {
      const plain = sealer.tryOpen(purpose, sealed)
      return plain === null ? null : (JSON.parse(plain.toString()) as unknown)
    },
  }
}

/** What is done once with a login: its answer is taken to the provider, and a session begins. */
export type Step = 'answer' | 'session'

/** What names a step where it is marked as done: nothing can be made of it. */
export function markOf({ state }: Pick<Login, 'state'>, step: Step): Buffer {
  return hash('sha256', `${step} ${state}`, 'buffer')
}

export const pkceOf = ({ verifier }: Login): string => challengeOf(verifier)

export function none(): GatewayError {
  const message = 'this sign-in was not begun in this browser, or took longer than ten minutes: begin again'
  return new GatewayError('invalid_request', message, { field: 'state' })
}
