import { Type } from '#/api/type.ts'
import { cookieIn, setCookie } from '#/access/session-cookie.ts'
import { publicEndpoint, type Endpoint } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { sessionReply, SessionView } from './sign-in-endpoints.ts'
import { handOver } from './hand-over.ts'
import { spent, withCodeSpent } from './sso-again.ts'
import { DestinationQuery, destinationOf } from './sso-destination.ts'
import { LOGIN_COOKIE, LOGIN_MS } from './sso-login.ts'
import { consentEndpoint, consentPage } from './sso-consent.ts'
import { offered, SIGN_IN_REFUSAL, withCookieGone } from './sso-offered.ts'
import { openPass } from './sso-pass.ts'
import { beginningPlace, enter, providerFault, requirePerson, vouched } from './sso-sign-in.ts'
import type { PeopleDeps } from './user.ts'

const tag = 'sign-in'

/** Who comes in because an identity provider vouches for it. */
export function ssoEndpoints(deps: PeopleDeps): readonly Endpoint[] {
  return [offer(deps), login(deps), callback(deps), consentEndpoint(deps), token(deps)]
}

function offer({ sso }: PeopleDeps): Endpoint {
  return publicEndpoint({
    route: 'GET /auth/sso',
    tag,
    summary: 'Whether people sign in with an identity provider, and with which',
    reply: Type.Object({
      offered: Type.Boolean(),
      issuer: Type.Union([Type.String(), Type.Null()]),
      login_url: Type.Union([Type.String(), Type.Null()], { description: 'Where a browser begins' }),
    }),
    handle: async () => ({
      body: { offered: sso !== null, issuer: sso?.rules.issuer ?? null, login_url: sso?.loginUrl ?? null },
    }),
  })
}

function login({ sso }: PeopleDeps): Endpoint {
  return publicEndpoint({
    route: 'GET /auth/sso/login',
    tag,
    reachesBackend: true,
    summary: 'Send a browser to the identity provider',
    description:
      'What belongs to this sign-in lies sealed in a cookie, for ten minutes; the way back is only open to that browser. With ' +
      'loopback_port, challenge and loopback_state, all three, it ends at that port of the browser’s own machine, once its user has ' +
      'confirmed that, with a code for POST /auth/sso/token, and the origin of this gateway as iss. With page, a path of this gateway, it ends there, with the session as a cookie.',
    query: DestinationQuery,
    status: 303,
    reply: Type.Unknown(),
    refusal: SIGN_IN_REFUSAL,
    handle: async ({ query, browser, request }) => {
      const deps = offered(sso)
      const { provider, logins } = deps
      browser.requireSecure()
      using _place = await beginningPlace(deps, request)
      const begun = logins.begin(destinationOf(query))
      const location = await provider.authorizationUrl(begun.login).catch((cause: unknown) => {
        throw providerFault(cause)
      })
      return {
        headers: { location, 'set-cookie': setCookie(LOGIN_COOKIE, begun.sealed, LOGIN_MS) },
        body: undefined,
      }
    },
  })
}

const Text = (maxLength: number) => Type.Optional(Type.String({ maxLength }))

function callback(deps: PeopleDeps): Endpoint {
  return publicEndpoint({
    route: 'GET /auth/sso/callback',
    tag,
    reachesBackend: true,
    summary: 'The way back from the identity provider: a session',
    description: 'Where a program at a loopback port waits for it: a page that asks whether that is meant.',
    query: Type.Object({ state: Text(512), code: Text(4096), iss: Text(2048), error: Text(256) }),
    reply: SessionView,
    refusal: SIGN_IN_REFUSAL,
    handle: async ({ query, headers, request }) => {
      const sso = offered(deps.sso)
      const begun = sso.logins.find(cookieIn(headers['cookie'], LOGIN_COOKIE), query.state ?? '')
      const code = codeOf(query)
      if (typeof code !== 'string') throw spent(code, sso, begun)
      const who = await vouched(sso, { login: begun, answer: { code, iss: query.iss } }, request)
      return await withCodeSpent(sso, begun, async () => {
        const { to } = begun
        if (to !== null && 'loopback' in to)
          return consentPage(sso, { ...to, login: begun, who, person: await requirePerson(sso, who) })
        const session = await enter(sso, { vouched: who, login: begun }, request)
        if (to === null) return withCookieGone(await sessionReply(deps, session, false))
        const { headers: cookie } = handOver(session, true)
        return withCookieGone({ status: 303, headers: { ...cookie, location: to.page }, body: undefined })
      })
    },
  })
}

interface Answered {
  readonly code?: string
  readonly error?: string
}

function codeOf({ code, error }: Answered): string | GatewayError {
  if (code !== undefined && error === undefined) return code
  const said = error !== undefined && /^[a-z_]{1,64}$/.test(error) ? ` (${error})` : ''
  return new GatewayError('unauthenticated', `the identity provider let nobody in${said}: begin again`)
}

function token(deps: PeopleDeps): Endpoint {
  return publicEndpoint({
    route: 'POST /auth/sso/token',
    tag,
    summary: 'A session for the code that came to a loopback port',
    description:
      'The code is good once and for a minute, for whoever has the verifier of its challenge (RFC 7636, S256).',
    body: Type.Object({
      code: Type.String({ maxLength: 8192 }),
      verifier: Type.String({ minLength: 43, maxLength: 128 }),
    }),
    reply: SessionView,
    handle: async ({ body, request }) => {
      const sso = offered(deps.sso)
      const pass = openPass(sso.logins, body.code, body.verifier)
      return await sessionReply(deps, await enter(sso, pass, request), false)
    },
  })
}
