import { Type } from '#/api/type.ts'
import { clientNetwork } from '#/access/client-network.ts'
import { UserId } from '#/access/ids.ts'
import { hashPassword } from '#/access/password.ts'
import { requireGoodPassword } from '#/access/password-rules.ts'
import type { Principal } from '#/access/principal.ts'
import { actorOf } from '#/api/actor.ts'
import { etagOf, preconditionFailed } from '#/api/conditional.ts'
import { DryRunQuery, writerFor } from '#/api/dry-run.ts'
import { endpoint, type Endpoint, type Reply, type RequestContext } from '#/api/endpoint.ts'
import { pageReply, pageRequest, PagingQuery } from '#/api/paging.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { NewPassword } from './session.ts'
import { supposing, supposingNew } from './supposing.ts'
import type { PeopleDeps, User, UserOutcome } from './user.ts'
import { requireSame, UserCreate, UserUpdate, UserView, userView } from './user-view.ts'

const tag = 'users'
export const EmailParams = Type.Object({ email: Type.String({ description: 'The e-mail address, percent-encoded' }) })
const withTag = (user: User): Reply => ({ headers: { etag: etagOf(user.version) }, body: userView(user) })

/** Who there is: for those who look after users. */
export function userEndpoints(deps: PeopleDeps): readonly Endpoint[] {
  return [...collection(deps), ...single(deps)]
}

function collection(deps: PeopleDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /auth/email/admin/users',
      permission: 'admin.user_management',
      tag,
      summary: 'List users, newest first',
      query: Type.Object(PagingQuery),
      reply: Type.Array(UserView),
      handle: async ({ query, principal }) => {
        const { rows, next } = await deps.store.page(pageRequest(query, principal))
        return pageReply({ plural: 'users', page: { rows: rows.map(userView), next }, query, principal })
      },
    }),
    endpoint({
      route: 'POST /auth/email/admin/users',
      permission: 'admin.user_management',
      tag,
      summary: 'Make a user, with a personal team and the role platform_viewer',
      query: Type.Object(DryRunQuery),
      body: UserCreate,
      reply: UserView,
      status: 201,
      handle: async ({ query, body, principal, request }) => {
        const { email, full_name: fullName = null, kind = 'person', is_admin: isAdmin = false, is_active = true } = body
        if (isAdmin) requireAdministrator(principal)
        const password = await passwordFor(deps, { email, kind }, { body, request })
        const user = { id: UserId.mint(), email, fullName, kind, isAdmin, enabled: is_active, password }
        const { seq } = await writerFor(deps, query).create(user, actorOf(principal, request))
        if (query.dry_run === true) return await supposingNew(deps, principal, user)
        await deps.settled(seq)
        return withTag(await userFor(deps, email))
      },
    }),
    endpoint({
      route: 'GET /auth/email/me',
      permission: 'access.read',
      tag,
      summary: 'Who you are',
      reply: UserView,
      handle: async ({ principal }) => withTag(await userFor(deps, principal.email)),
    }),
  ]
}

function single(deps: PeopleDeps): readonly Endpoint[] {
  const update = (route: 'PATCH' | 'PUT'): Endpoint =>
    endpoint({
      route: `${route} /auth/email/admin/users/{email}`,
      permission: 'admin.user_management',
      tag,
      summary: 'Change, disable or enable a user; it takes effect everywhere within a second',
      params: EmailParams,
      query: Type.Object(DryRunQuery),
      body: UserUpdate,
      reply: UserView,
      handle: async ({ params, query, body, principal, ifMatch, request }) => {
        const user = await userFor(deps, params.email)
        if (user.isAdmin || (body.is_admin ?? user.isAdmin) || body.password) requireAdministrator(principal)
        requireSame(user, body)
        const change = {
          fullName: body.full_name === undefined ? user.fullName : body.full_name,
          isAdmin: body.is_admin ?? user.isAdmin,
          enabled: body.is_active ?? user.enabled,
          password: await passwordFor(deps, user, { body, request }),
          mustChangePassword: body.password_change_required ?? null,
        }
        const to = { ifMatch: ifMatch ?? user.version, actor: actorOf(principal, request) }
        await done(deps, user, await writerFor(deps, query).update(user.id, change, to))
        if (query.dry_run === true) return await supposing(deps, principal, { user, body })
        return withTag(await userFor(deps, user.email))
      },
    })
  return [
    endpoint({
      route: 'GET /auth/email/admin/users/{email}',
      permission: 'admin.user_management',
      tag,
      summary: 'Read a user',
      params: EmailParams,
      reply: UserView,
      handle: async ({ params }) => withTag(await userFor(deps, params.email)),
    }),
    update('PATCH'),
    update('PUT'),
    deleting(deps),
  ]
}

function deleting(deps: PeopleDeps): Endpoint {
  return endpoint({
    route: 'DELETE /auth/email/admin/users/{email}',
    permission: 'admin.user_management',
    tag,
    summary: 'Delete a user with its tokens, memberships and roles',
    description: 'Refused while its personal team has things. What it owns elsewhere stays, without an owner.',
    params: EmailParams,
    query: Type.Object(DryRunQuery),
    reply: Type.Object({ success: Type.Boolean(), message: Type.String() }),
    handle: async ({ params, query, principal, ifMatch, request }) => {
      const user = await userFor(deps, params.email)
      if (user.isAdmin) requireAdministrator(principal)
      if (user.id === principal.userId)
        throw new GatewayError('invalid_request', 'nobody deletes themselves: let another administrator do it', {
          field: 'email',
        })
      const to = { ifMatch, actor: actorOf(principal, request) }
      await done(deps, user, await writerFor(deps, query).remove(user.id, to))
      if (query.dry_run === true) return await supposing(deps, principal, { user, body: null })
      return { body: { success: true, message: `User ${user.email} deleted` } }
    },
  })
}

export async function userFor(deps: PeopleDeps, email: string): Promise<User> {
  const user = await deps.store.byEmail(email)
  if (user === undefined) throw new GatewayError('not_found', 'User not found')
  return user
}

interface Asked {
  readonly body: Pick<UserUpdate, 'password' | 'password_change_required'>
  readonly request: RequestContext
}

/** The password that is asked for, as it is stored; null: none is. */
async function passwordFor(
  { signIn }: PeopleDeps,
  { email, kind }: Pick<User, 'email' | 'kind'>,
  { body, request }: Asked,
): Promise<NewPassword | null> {
  if (!body.password) return null
  if (kind !== 'person')
    throw new GatewayError('invalid_field', 'a service has no password: it comes with API tokens', {
      field: 'password',
    })
  requireGoodPassword(body.password, email, 'password')
  using _place = await signIn.places(clientNetwork(request.fromIp).network, request.signal)
  return { hash: await hashPassword(body.password), mustChange: body.password_change_required ?? false }
}

async function done(deps: PeopleDeps, user: User, outcome: UserOutcome): Promise<void> {
  if (outcome === undefined) throw preconditionFailed('the user', user.version, userView(user))
  if (outcome === 'last_admin')
    throw new GatewayError('conflict', 'nobody would be left who may do everything: make another administrator first')
  await deps.settled(outcome.seq)
}

/** Who may do everything is made, changed and ended by those alone, and so is a password given: looking after users is no way to become one. */
export function requireAdministrator({ isAdmin, permissions, serverId }: Principal): void {
  if (isAdmin && permissions === null && serverId === null) return
  throw new GatewayError('forbidden', 'administrators are for administrators, with a token that is not narrowed')
}
