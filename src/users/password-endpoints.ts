import { hash as digest, randomBytes } from 'node:crypto'
import { Type } from '#/api/type.ts'
import { cookieCredential } from '#/access/session-cookie.ts'
import { clientNetwork } from '#/access/client-network.ts'
import { hashPassword } from '#/access/password.ts'
import { requireGoodPassword } from '#/access/password-rules.ts'
import { actorOf } from '#/api/actor.ts'
import { endpoint, publicEndpoint, type Endpoint } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { AsCookie, requireCookies } from './hand-over.ts'
import { begin, forgiving, prove } from './sign-in.ts'
import { sessionReply, SessionView } from './sign-in-endpoints.ts'
import type { PeopleDeps } from './user.ts'
import { EmailParams, requireAdministrator, userFor } from './user-endpoints.ts'

const tag = 'sign-in'
const Done = { success: Type.Boolean(), message: Type.String() }
const Typed = Type.String({ maxLength: 1024 })
const DAY_MS = 86_400_000

/** Choosing a password: in place of the old one, or with a code that an administrator gave. */
export function passwordEndpoints(deps: PeopleDeps): readonly Endpoint[] {
  return [change(deps), openReset(deps), useReset(deps), unlock(deps)]
}

function change(deps: PeopleDeps): Endpoint {
  return publicEndpoint({
    route: 'POST /auth/email/change-password',
    tag,
    summary: 'Choose another password; every session ends, and a new one is in the answer',
    description: 'The old password is asked for in any case. `email` may be left out with a token of the same user.',
    body: Type.Object({
      email: Type.Optional(Type.String({ maxLength: 320 })),
      old_password: Typed,
      new_password: Typed,
      cookie: AsCookie,
    }),
    reply: Type.Object({ ...Done, ...SessionView.properties }),
    handle: async ({ body, request, headers: said, browser, caller }) => {
      // Whoever came with a cookie is answered with one.
      const { cookie = cookieCredential(said) !== undefined } = body
      if (cookie) requireCookies(browser)
      const email = body.email ?? (await caller()).email
      const proven = await prove(deps.signIn, { email, password: body.old_password, isGoing: true }, request)
      const { subject, network } = proven
      const chosenAt = await forgiving(deps.signIn, proven, async () => {
        requireAnother(body, subject.email)
        const chosen = await hashed(deps, body.new_password, request)
        const changed = await deps.signIn.store.changePassword(subject, chosen)
        if (changed !== undefined) return changed.chosenAt
        throw new GatewayError('conflict', 'the password was changed meanwhile: sign in again')
      })
      const session = await begin(deps.signIn, {
        subject: { ...subject, chosenAt },
        network,
        rehashed: null,
        request,
      })
      const { headers, body: made } = await sessionReply(deps, session, cookie)
      return { ...(headers && { headers }), body: { success: true, message: 'Password changed', ...(made as object) } }
    },
  })
}

function requireAnother(body: { readonly old_password: string; readonly new_password: string }, email: string): void {
  requireGoodPassword(body.new_password, email, 'new_password')
  if (body.new_password === body.old_password)
    throw new GatewayError('invalid_field', 'the new password is the old one', { field: 'new_password' })
}

async function hashed(
  { signIn }: PeopleDeps,
  password: string,
  { fromIp, signal }: { readonly fromIp: string | null; readonly signal: AbortSignal },
): Promise<string> {
  using _place = await signIn.places(clientNetwork(fromIp).network, signal)
  return await hashPassword(password)
}

function openReset(deps: PeopleDeps): Endpoint {
  return endpoint({
    route: 'POST /auth/email/admin/users/{email}/reset-password',
    permission: 'admin.user_management',
    tag: 'users',
    summary: 'Take a password away and make a code that lets its user choose another, once and within a day',
    params: EmailParams,
    reply: Type.Object({ ...Done, reset_code: Type.String(), expires_at: Type.String({ format: 'date-time' }) }),
    handle: async ({ params, principal, request }) => {
      const user = await userFor(deps, params.email)
      requireAdministrator(principal)
      if (user.kind !== 'person')
        throw new GatewayError('invalid_field', 'a service has no password: it comes with API tokens', {
          field: 'email',
        })
      const code = `cwr_${randomBytes(32).toString('base64url')}`
      const reset = { hash: codeHash(code), lifeMs: DAY_MS }
      const { seq, expiresAt } = await deps.signIn.store.openReset(user.id, reset, actorOf(principal, request))
      await deps.signIn.settled(seq)
      const message = 'Give the code to the user: causeway login --code, or POST /auth/email/reset-password'
      return { body: { success: true, message, reset_code: code, expires_at: expiresAt } }
    },
  })
}

function codeHash(code: string): Buffer {
  return digest('sha256', code, 'buffer')
}

function useReset(deps: PeopleDeps): Endpoint {
  return publicEndpoint({
    route: 'POST /auth/email/reset-password',
    tag,
    summary: 'Choose a password with a code that an administrator gave; the code is good once',
    body: Type.Object({
      reset_code: Type.String({ maxLength: 128 }),
      new_password: Typed,
      confirm_password: Type.Optional(Typed),
    }),
    reply: Type.Object({ ...Done, email: Type.String() }),
    handle: async ({ body, request }) => {
      const { reset_code: code, new_password: password, confirm_password: again = password } = body
      if (again !== password)
        throw new GatewayError('invalid_field', 'the two passwords are not the same', { field: 'confirm_password' })
      const user = await deps.signIn.store.resetFor(codeHash(code))
      if (user === undefined) throw badCode()
      requireGoodPassword(password, user.email, 'new_password')
      const used = await deps.signIn.store.useReset(codeHash(code), await hashed(deps, password, request))
      if (used === undefined) throw badCode()
      await deps.signIn.settled(used.seq)
      return {
        body: { success: true, message: 'Password chosen: sign in with it', email: user.email },
      }
    },
  })
}

function badCode(): GatewayError {
  const message = 'the code is not good, or not any more: ask an administrator for another'
  return new GatewayError('invalid_field', message, { field: 'reset_code' })
}

function unlock(deps: PeopleDeps): Endpoint {
  return endpoint({
    route: 'POST /auth/email/admin/users/{email}/unlock',
    permission: 'admin.user_management',
    tag: 'users',
    summary: 'Forget the failed sign-ins at a user',
    params: EmailParams,
    reply: Type.Object(Done),
    handle: async ({ params, principal, request }) => {
      const user = await userFor(deps, params.email)
      await deps.signIn.store.unlock(user, actorOf(principal, request))
      return { body: { success: true, message: `User ${user.email} unlocked` } }
    },
  })
}
