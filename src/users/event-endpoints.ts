import { Type } from '#/api/type.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { SIGN_IN_EVENTS, type SignInEvent } from './sign-in-event.ts'
import type { PeopleDeps } from './user.ts'

const Text = Type.Union([Type.String(), Type.Null()])

export const SignInEventView = Type.Object(
  {
    id: Type.Integer(),
    timestamp: Type.String({ format: 'date-time', description: 'Of the last, where there were several' }),
    user_email: Type.Union([Type.String(), Type.Null()], { description: 'null: an address that is no user’s' }),
    event_type: Type.String({ description: `One of ${SIGN_IN_EVENTS.join(', ')}` }),
    success: Type.Boolean(),
    ip_address: Type.Union([Type.String(), Type.Null()], {
      description: 'Of what failed an address, or of IPv6 the /64; null: not known, or several',
    }),
    failure_reason: Text,
    times: Type.Integer({ description: 'What failed alike within a few seconds is one event' }),
  },
  { title: 'SignInEvent' },
)

const DEFAULT_LIMIT = 50
const Window = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: DEFAULT_LIMIT })),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000, default: 0 })),
}

/** What happened when people came in, or tried to: to whoever it was, and to those who look after users. */
export function eventEndpoints({ store, events }: Pick<PeopleDeps, 'store' | 'events'>): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /auth/email/events',
      permission: 'access.read',
      tag: 'sign-in',
      summary: 'Your own sign-ins, those that failed, and what became of your password, newest first',
      description: 'From the audit log, and from the security log: what failed is there within ten seconds.',
      query: Type.Object(Window),
      reply: Type.Array(SignInEventView),
      handle: async ({ query: { limit = DEFAULT_LIMIT, offset = 0 }, principal }) => ({
        body: (await events.page({ userId: principal.userId, limit, offset })).map(viewOf),
      }),
    }),
    endpoint({
      route: 'GET /auth/email/admin/events',
      permission: 'admin.user_management',
      tag: 'users',
      summary: 'Sign-ins of everybody, those that failed, and what became of passwords, newest first',
      description: 'From the audit log, and from the security log: what failed is there within ten seconds.',
      query: Type.Object({
        user_email: Type.Optional(Type.String({ maxLength: 320, description: 'Only of this user' })),
        ...Window,
      }),
      reply: Type.Array(SignInEventView),
      handle: async ({ query: { user_email: email, limit = DEFAULT_LIMIT, offset = 0 } }) => {
        const user = email === undefined ? null : await store.byEmail(email)
        if (user === undefined)
          throw new GatewayError('invalid_field', 'user_email: there is no such user', { field: 'user_email' })
        return { body: (await events.page({ userId: user === null ? null : user.id, limit, offset })).map(viewOf) }
      },
    }),
  ]
}

function viewOf({ id, at, kind, email, failure, fromIp, times }: SignInEvent): Record<string, unknown> {
  return {
    id,
    timestamp: at,
    user_email: email,
    event_type: kind,
    success: failure === null,
    ip_address: fromIp,
    failure_reason: failure,
    times,
  }
}
