import { Type } from '#/api/type.ts'
import { TokenId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import { CLEAR_SESSION_COOKIE, cookieCredential, csrfTokenOf } from '#/access/session-cookie.ts'
import { mintToken } from '#/access/token-format.ts'
import { endpoint, publicEndpoint, type Endpoint } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { HandedOver, handOver } from './hand-over.ts'
import type { SignInDeps } from './session.ts'
import type { PeopleDeps } from './user.ts'
import { UserView, userView } from './user-view.ts'

const tag = 'sign-in'

/** What the token in hand is about itself: whoever has it may end it, whatever else it may do. */
export function sessionEndpoints(deps: PeopleDeps): readonly Endpoint[] {
  return [logout(deps), validate(deps), refresh(deps), csrfToken()]
}

function logout({ signIn }: PeopleDeps): Endpoint {
  return publicEndpoint({
    route: 'POST /auth/logout',
    tag,
    summary: 'End the session of the token in hand, everywhere',
    description:
      'Whoever has a token may end its session: nothing else is asked for. Where it came as a cookie, the browser forgets it.',
    reply: Type.Object({ message: Type.String(), revoked_token: Type.String() }),
    handle: async ({ caller, headers }) => {
      const { tokenId } = await caller()
      const ended = await signIn.store.end(tokenId)
      if (ended === undefined) throw noSession()
      await signIn.settled(ended.seq)
      const cleared = cookieCredential(headers) === undefined ? {} : { 'set-cookie': CLEAR_SESSION_COOKIE }
      const body = { message: 'Logged out successfully', revoked_token: tokenId }
      return { headers: cleared, body }
    },
  })
}

const WARNING_SECONDS = 60
const REFRESH_SECONDS = 300

function validate({ store, signIn }: PeopleDeps): Endpoint {
  const seconds = (ms: number): number => Math.floor(ms / 1000)
  return endpoint({
    route: 'GET /auth/validate',
    permission: 'access.read',
    tag,
    summary: 'Whether the token in hand is good, and until when',
    reply: Type.Object({
      valid: Type.Boolean(),
      expires_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
      expires_in: Type.Union([Type.Integer(), Type.Null()]),
      user: UserView,
      session_source: Type.String({ description: 'local, api_token or sso' }),
      config: Type.Record(Type.String(), Type.Unknown()),
    }),
    handle: async ({ principal }) => {
      const { times } = signIn
      const [kind, user] = await Promise.all([kindOf(signIn, principal), store.byEmail(principal.email)])
      if (user === undefined) throw new GatewayError('not_found', 'User not found')
      const { expiresAt, source } = kind
      const config = {
        token_expiry: seconds(times.idleMs),
        idle_timeout: seconds(times.idleMs),
        max_lifetime: seconds(times.totalMs),
        warning_time: WARNING_SECONDS,
        refresh_buffer: REFRESH_SECONDS,
        activity_tracking: false,
      }
      return {
        body: {
          valid: true,
          expires_at: expiresAt,
          expires_in: expiresAt === null ? null : Math.max(0, seconds(Date.parse(expiresAt) - Date.now())),
          user: userView(user),
          session_source: source,
          config,
        },
      }
    },
  })
}

interface Kind {
  readonly expiresAt: string | null
  /** `local`, `sso` or `api_token`. */
  readonly source: string
}

/** A token that an identity provider made is in no table of ours, and a proxy's word is none. */
async function kindOf({ store, foreignEnd }: SignInDeps, principal: Principal): Promise<Kind> {
  const end = foreignEnd(principal)
  if (end !== undefined) return { expiresAt: end === null ? null : new Date(end).toISOString(), source: 'sso' }
  const kind = await store.kindOf(principal.tokenId)
  if (kind === undefined) throw new GatewayError('unauthenticated', 'the token in hand was revoked or has expired')
  return { expiresAt: kind.expiresAt, source: kind.provider ?? 'api_token' }
}

function refresh({ signIn }: PeopleDeps): Endpoint {
  return publicEndpoint({
    route: 'POST /auth/refresh',
    tag,
    summary: 'Another token for the same session; the one in hand stays good until it expires',
    description: 'For tokens of sessions: nothing else is asked for. A cookie is answered with another cookie.',
    reply: Type.Object({ ...HandedOver, expires_at: Type.String({ format: 'date-time' }) }),
    handle: async ({ caller, headers: said }) => {
      const { tokenId } = await caller()
      const secret = mintToken()
      const made = await signIn.store.refresh(tokenId, { id: TokenId.mint(), secret, lifeMs: signIn.times.idleMs })
      if (made === undefined) throw noSession()
      await signIn.settled(made.seq)
      const expiresAt = new Date(Date.now() + made.lifeMs).toISOString()
      const { headers, body } = handOver(
        { text: secret.text, lifeMs: made.lifeMs },
        cookieCredential(said) !== undefined,
      )
      return { headers, body: { ...body, expires_at: expiresAt } }
    },
  })
}

function csrfToken(): Endpoint {
  return endpoint({
    route: 'GET /auth/csrf-token',
    permission: 'access.read',
    tag,
    summary: 'What X-CSRF-Token has to say where a browser says neither Origin nor Sec-Fetch-Site',
    description: 'For sessions that are cookies.',
    reply: Type.Object({ csrf_token: Type.String() }),
    handle: async ({ headers }) => {
      const token = cookieCredential(headers)
      if (token === undefined)
        throw new GatewayError(
          'invalid_request',
          'this token is not a cookie: what it is sent with needs no CSRF token',
        )
      return { body: { csrf_token: csrfTokenOf(token) } }
    },
  })
}

function noSession(): GatewayError {
  const message =
    'this token is no session: it came from no sign-in, or its session is over. API tokens are revoked instead'
  return new GatewayError('invalid_request', message)
}
