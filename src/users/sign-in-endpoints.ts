import { Type } from '#/api/type.ts'
import { UserId } from '#/access/ids.ts'
import { hashPassword } from '#/access/password.ts'
import { requireGoodPassword } from '#/access/password-rules.ts'
import { clientNetwork } from '#/access/client-network.ts'
import { publicEndpoint, type Endpoint, type Reply } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { AsCookie, HandedOver, handOver, requireCookies } from './hand-over.ts'
import type { Session } from './session.ts'
import { signIn } from './sign-in.ts'
import type { PeopleDeps } from './user.ts'
import { Email, UserView, userView } from './user-view.ts'

const tag = 'sign-in'
/** What was typed, whatever it is: a password is not told its faults before it is known to be somebody's. */
const Password = Type.String({ maxLength: 1024 })

export const SessionView = Type.Object(
  {
    ...HandedOver,
    user: UserView,
  },
  { title: 'Session' },
)

/** Who comes in with an e-mail address and a password. */
export function signInEndpoints(deps: PeopleDeps): readonly Endpoint[] {
  const login = (route: 'POST /auth/login' | 'POST /auth/email/login', form: string): Endpoint =>
    publicEndpoint({
      route,
      tag,
      summary: 'Sign in with an e-mail address and a password',
      description: `${form}Failed sign-ins slow further ones down, never for good. 403 with X-Password-Change-Required: choose another password first.`,
      body: Type.Object({
        email: Type.Optional(Type.String({ maxLength: 320 })),
        username: Type.Optional(Type.String({ maxLength: 320, description: 'The e-mail address under another name' })),
        password: Password,
        cookie: AsCookie,
      }),
      reply: SessionView,
      handle: async ({ body, request, browser }) => {
        const { cookie = false } = body
        if (cookie) requireCookies(browser)
        const email = body.email ?? body.username ?? ''
        if (!email.includes('@'))
          throw new GatewayError('invalid_request', 'send an e-mail address as email', { field: 'email' })
        const session = await signIn(deps.signIn, { email, password: body.password }, request)
        return await sessionReply(deps, session, cookie)
      },
    })
  return [
    login('POST /auth/login', 'Takes `username` for `email`. '),
    login('POST /auth/email/login', ''),
    register(deps),
  ]
}

/** A new session with its user. */
export async function sessionReply(deps: PeopleDeps, session: Session, asCookie: boolean): Promise<Reply> {
  const user = await deps.store.byEmail(session.email)
  if (user === undefined) throw new GatewayError('unauthenticated', 'Invalid email or password')
  const { headers, body } = handOver(session, asCookie)
  return { headers, body: { ...body, user: userView(user) } }
}

function register({ store, signIn: deps }: PeopleDeps): Endpoint {
  return publicEndpoint({
    route: 'POST /auth/email/register',
    tag,
    summary: 'Make oneself a user, where CAUSEWAY_PUBLIC_REGISTRATION allows that',
    body: Type.Object({
      email: Email,
      password: Password,
      full_name: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
    }),
    reply: UserView,
    status: 201,
    handle: async ({ body, request }) => {
      if (!deps.registration)
        throw new GatewayError('forbidden', 'Public registration is disabled: ask an administrator for an account')
      const { email, password, full_name: fullName = null } = body
      requireGoodPassword(password, email, 'password')
      const network = clientNetwork(request.fromIp)
      using _place = await deps.places(network.network, request.signal)
      const { closedForMs } = await deps.store.guess(email, network)
      if (closedForMs !== null)
        throw new GatewayError('overloaded', 'too many registrations: try again later', {
          retryAfter: Math.ceil(closedForMs / 1000),
        })
      const id = UserId.mint()
      const made = { hash: await hashPassword(password), mustChange: false }
      const user = { id, email, fullName, kind: 'person', isAdmin: false, enabled: true, password: made } as const
      const { via, fromIp, userAgent } = request
      const { seq } = await store.create(user, { userId: id, by: email, via, fromIp, userAgent })
      await deps.settled(seq)
      const view = await store.byEmail(email)
      if (view === undefined) throw new GatewayError('not_found', 'User not found')
      return { body: userView(view) }
    },
  })
}
