import { Type } from 'typebox'
import { UserId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import { actorOf } from '#/api/actor.ts'
import { etagOf, preconditionFailed } from '#/api/conditional.ts'
import { endpoint, type Endpoint, type Reply } from '#/api/endpoint.ts'
import { pageReply, pageRequest, PagingQuery } from '#/api/paging.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { User, UserDeps, UserOutcome } from './user.ts'
import { UserCreate, UserUpdate, UserView, userView } from './user-view.ts'

const tag = 'users'
const EmailParams = Type.Object({ email: Type.String({ description: 'The e-mail address, percent-encoded' }) })
const withTag = (user: User): Reply => ({ headers: { etag: etagOf(user.version) }, body: userView(user) })

/** Who there is: for those who look after users. */
export function userEndpoints(deps: UserDeps): readonly Endpoint[] {
  return [...collection(deps), ...single(deps)]
}

function collection(deps: UserDeps): readonly Endpoint[] {
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
      body: UserCreate,
      reply: UserView,
      status: 201,
      handle: async ({ body, principal, request }) => {
        const { email, full_name: fullName = null, kind = 'person', is_admin: isAdmin = false, is_active = true } = body
        if (isAdmin) requireAdministrator(principal)
        const user = { id: UserId.mint(), email, fullName, kind, isAdmin, enabled: is_active }
        const { seq } = await deps.store.create(user, actorOf(principal, request))
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

function single(deps: UserDeps): readonly Endpoint[] {
  const update = (route: 'PATCH' | 'PUT'): Endpoint =>
    endpoint({
      route: `${route} /auth/email/admin/users/{email}`,
      permission: 'admin.user_management',
      tag,
      summary: 'Change, disable or enable a user; it takes effect everywhere within a second',
      params: EmailParams,
      body: UserUpdate,
      reply: UserView,
      handle: async ({ params, body, principal, ifMatch, request }) => {
        const user = await userFor(deps, params.email)
        const change = {
          fullName: body.full_name === undefined ? user.fullName : body.full_name,
          isAdmin: body.is_admin ?? user.isAdmin,
          enabled: body.is_active ?? user.enabled,
        }
        if (user.isAdmin || change.isAdmin) requireAdministrator(principal)
        const to = { ifMatch: ifMatch ?? user.version, actor: actorOf(principal, request) }
        await done(deps, user, await deps.store.update(user.id, change, to))
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
    endpoint({
      route: 'DELETE /auth/email/admin/users/{email}',
      permission: 'admin.user_management',
      tag,
      summary: 'Delete a user with its tokens, memberships and roles',
      description: 'Refused while its personal team has things. What it owns elsewhere stays, without an owner.',
      params: EmailParams,
      reply: Type.Object({ success: Type.Boolean(), message: Type.String() }),
      handle: async ({ params, principal, ifMatch, request }) => {
        const user = await userFor(deps, params.email)
        if (user.isAdmin) requireAdministrator(principal)
        if (user.id === principal.userId)
          throw new GatewayError('invalid_field', 'nobody deletes themselves: let another administrator do it', {
            field: 'email',
          })
        const to = { ifMatch, actor: actorOf(principal, request) }
        await done(deps, user, await deps.store.remove(user.id, to))
        return { body: { success: true, message: `User ${user.email} deleted` } }
      },
    }),
  ]
}

async function userFor(deps: UserDeps, email: string): Promise<User> {
  const user = await deps.store.byEmail(email)
  if (user === undefined) throw new GatewayError('not_found', 'User not found')
  return user
}

async function done(deps: UserDeps, user: User, outcome: UserOutcome): Promise<void> {
  if (outcome === undefined) throw preconditionFailed('the user', user.version, userView(user))
  if (outcome === 'last_admin')
    throw new GatewayError('conflict', 'nobody would be left who may do everything: make another administrator first')
  await deps.settled(outcome.seq)
}

/** Who may do everything is made, changed and ended by those alone, or looking after users would be a way to become one. */
function requireAdministrator({ isAdmin, permissions, serverId }: Principal): void {
  if (isAdmin && permissions === null && serverId === null) return
  throw new GatewayError('forbidden', 'administrators are for administrators, with a token that is not narrowed')
}
