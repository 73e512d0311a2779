import { Type } from '#/api/type.ts'
import { cookieIn } from '#/access/session-cookie.ts'
import { publicEndpoint, type Endpoint, type Reply } from '#/api/endpoint.ts'
import { htmlPage } from '#/api/html-page.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { escapeHtml } from '#/lib/html.ts'
import { comparisonCode } from '#/lib/pkce.ts'
import { LOGIN_COOKIE, none, type Login, type Loopback, type SsoLogins } from './sso-login.ts'
import { offered, SIGN_IN_REFUSAL, withCookieGone } from './sso-offered.ts'
import { loopbackOrigin, loopbackUrl, refusedUrl } from './sso-pass.ts'
import { slim } from './sso-person.ts'
import type { Person, SsoDeps, Vouched } from './sso.ts'
import type { PeopleDeps } from './user.ts'

/**
 * What the page brings back when its user answers. Nobody else has it: together with the cookie of the login it shows that this page was
 * seen in the browser that signed in.
 */
interface Consent {
  readonly state: string
  readonly vouched: Vouched
}

interface Asking {
  readonly login: Login
  readonly loopback: Loopback
  readonly who: Vouched
  readonly person: Person
}

/**
 * Asks whether a program that waits at a port may have the session. A browser may come here without a click of its user: another page
 * began the sign-in, and the provider knew who it is.
 */
export function consentPage({ logins, rules, loginUrl }: SsoDeps, { login, loopback, who, person }: Asking): Reply {
  const consent: Consent = { state: login.state, vouched: slim(who, rules) }
  const { headers, body } = htmlPage({
    title: 'Let a program on this computer sign in as you?',
    content: contentOf({
      name: who.fullName === null ? person.email : `${who.fullName} (${person.email})`,
      gateway: new URL(loginUrl).origin,
      port: loopback.port,
      code: comparisonCode(loopback.challenge),
      sealed: logins.seal('sso-consent', consent),
    }),
    // Browsers look at where the answer to a form leads on to, as well.
    formLeadsTo: ["'self'", loopbackOrigin(loopback)],
  })
  // With no referrer at all the form would be sent by a page of no origin.
  return { headers: { ...headers, 'referrer-policy': 'same-origin' }, body }
}

interface Content {
  readonly name: string
  readonly gateway: string
  readonly port: number
  readonly code: string
  readonly sealed: string
}

function contentOf({ name, gateway, port, code, sealed }: Content): string {
  return `<p>A program on this computer asks to act as you, for as long as a session lasts.</p>
<dl>
<dt>Who signs in</dt><dd>${escapeHtml(name)}</dd>
<dt>To the gateway</dt><dd>${escapeHtml(gateway)}</dd>
<dt>Where the program waits</dt><dd>Port ${port} of this computer</dd>
<dt>Code that the program shows</dt><dd class="code">${code}</dd>
</dl>
<p>Have you just run <code>causeway login</code>, and does it show this very code? Then go on. In any other case cancel: something else
on this computer, or a page that you have open, began this, and it gets nothing.</p>
<form method="post" action="consent">
<input type="hidden" name="consent" value="${sealed}">
<button class="main" name="answer" value="confirm">The code is the same: sign in</button>
<button name="answer" value="cancel">Cancel</button>
</form>`
}

/** What its user answers. */
export function consentEndpoint(deps: Pick<PeopleDeps, 'sso'>): Endpoint {
  return publicEndpoint({
    route: 'POST /auth/sso/consent',
    tag: 'sign-in',
    summary: 'The answer of whoever signs in to the page that asks about a program',
    description:
      'Sent by the form on that page, in the browser that signed in; it sends the browser on to the port of the program.',
    body: Type.Object({
      consent: Type.String({ maxLength: 8192 }),
      answer: Type.Union([Type.Literal('confirm'), Type.Literal('cancel')]),
    }),
    bodyType: 'form',
    status: 303,
    reply: Type.Unknown(),
    refusal: SIGN_IN_REFUSAL,
    handle: async ({ body, headers, browser }) => {
      const sso = offered(deps.sso)
      browser.requireSecure()
      browser.requireOwnPage()
      const consent = opened(sso.logins, body.consent)
      const login = sso.logins.find(cookieIn(headers['cookie'], LOGIN_COOKIE), consent.state)
      const { to } = login
      if (to === null || !('loopback' in to)) throw none()
      const home = new URL(sso.loginUrl).origin
      const { vouched } = consent
      const location =
        body.answer === 'confirm'
          ? loopbackUrl(sso.logins, { ...to, login, vouched, home })
          : refusedUrl(to.loopback, home)
      return withCookieGone({ headers: { location }, body: undefined })
    },
  })
}

function opened(logins: SsoLogins, sealed: string): Consent {
  const consent = logins.open('sso-consent', sealed) as Consent | null
  if (consent !== null) return consent
  throw new GatewayError('invalid_request', 'this is no answer to a page of this gateway: begin again', {
    field: 'consent',
  })
}
