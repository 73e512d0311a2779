import { Type } from '#/api/type.ts'
import type { Principal } from '#/access/principal.ts'
import { actorOf } from '#/api/actor.ts'
import { DryRunQuery, writerFor } from '#/api/dry-run.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Identity, IdentityStore, Unlinked as Ended } from './identity.ts'
import { supposingWithout } from './supposing.ts'
import type { PeopleDeps } from './user.ts'
import { EmailParams, requireAdministrator, userFor } from './user-endpoints.ts'

const tag = 'users'
const IdentityId = { id: Type.String({ description: 'Of the identity, as the list says it' }) }
const Unlinked = Type.Object({ success: Type.Boolean(), message: Type.String() })
const WHAT_ENDS =
  'Sessions that began with the provider end, and what its groups brought is taken away. Whoever has the verified address of the user is ' +
  'linked again when it signs in there: disable the user to keep it out.'

export const IdentityView = Type.Object(
  {
    id: Type.String(),
    issuer: Type.String({ description: 'The identity provider' }),
    subject: Type.String({ description: 'Its own name for the user' }),
    linked_at: Type.String({ format: 'date-time' }),
  },
  { title: 'Identity' },
)

const identityView = ({ id, issuer, subject, linkedAt }: Identity): Record<string, unknown> => ({
  id,
  issuer,
  subject,
  linked_at: linkedAt,
})

/** Whom identity providers vouch for: one's own, and others' for those who look after users. */
export function identityEndpoints(deps: PeopleDeps): readonly Endpoint[] {
  return [...own(deps), ...others(deps)]
}

function own(deps: PeopleDeps): readonly Endpoint[] {
  const { identities } = deps
  return [
    endpoint({
      route: 'GET /auth/identities',
      permission: 'access.read',
      tag,
      summary: 'The accounts of identity providers that sign in as you',
      reply: Type.Array(IdentityView),
      handle: async ({ principal }) => ({ body: (await identities.of(principal.userId)).map(identityView) }),
    }),
    endpoint({
      route: 'DELETE /auth/identities/{id}',
      permission: 'access.read',
      tag,
      summary: 'Unlink an account of an identity provider that signs in as you',
      description: `${WHAT_ENDS} Refused where it is your only way to sign in.`,
      params: Type.Object(IdentityId),
      query: Type.Object(DryRunQuery),
      reply: Unlinked,
      handle: async ({ params, query, principal, request }) => {
        requireWhole(principal)
        const { userId, email } = principal
        const unlinking = { userId, id: identityId(params.id), force: false }
        const way = `you could not sign in any more: get yourself a password first, with a code from an administrator (causeway user password ${email})`
        const taken = done(await writerOf(deps, query).unlink(unlinking, actorOf(principal, request)), way)
        if (query.dry_run === true) return await supposingWithout(deps, principal, { user: { id: userId }, ...taken })
        await deps.settled(taken.seq)
        return { body: { success: true, message: 'Unlinked' } }
      },
    }),
  ]
}

const PATH = '/auth/email/admin/users/{email}/identities'

function others(deps: PeopleDeps): readonly Endpoint[] {
  const { identities } = deps
  return [
    endpoint({
      route: `GET ${PATH}`,
      permission: 'admin.user_management',
      tag,
      summary: 'The accounts of identity providers that sign in as a user',
      params: EmailParams,
      reply: Type.Array(IdentityView),
      handle: async ({ params }) => {
        const { id } = await userFor(deps, params.email)
        return { body: (await identities.of(id)).map(identityView) }
      },
    }),
    endpoint({
      route: `DELETE ${PATH}/{id}`,
      permission: 'admin.user_management',
      tag,
      summary: 'Unlink an account of an identity provider from a user',
      description: `${WHAT_ENDS} Refused where the user could not sign in any more, unless an administrator says force.`,
      params: Type.Object({ ...EmailParams.properties, ...IdentityId }),
      query: Type.Object({
        force: Type.Optional(Type.Boolean({ description: 'Also where it is the only way in; for administrators' })),
        ...DryRunQuery,
      }),
      reply: Unlinked,
      handle: async ({ params, query, principal, request }) => {
        const { force = false } = query
        const user = await userFor(deps, params.email)
        if (user.isAdmin || force) requireAdministrator(principal)
        const way = `nobody could sign in as ${user.email} any more: let the user choose a password first (causeway user password ${user.email}), or say force=true`
        const outcome = await writerOf(deps, query).unlink(
          { userId: user.id, id: identityId(params.id), force },
          actorOf(principal, request),
        )
        const taken = done(outcome, way)
        if (query.dry_run === true) return await supposingWithout(deps, principal, { user, ...taken })
        await deps.settled(taken.seq)
        return { body: { success: true, message: `Unlinked from ${user.email}` } }
      },
    }),
  ]
}

/** What has not the form of an id cannot exist. */
function identityId(text: string): string {
  if (/^[0-9a-f]{32}$/.test(text)) return text
  throw noIdentity()
}

const noIdentity = (): GatewayError => new GatewayError('not_found', 'Identity not found')

const writerOf = ({ identities, identitiesRehearsal }: PeopleDeps, query: { readonly dry_run?: boolean }) =>
  writerFor<Pick<IdentityStore, 'unlink'>>({ store: identities, rehearsal: identitiesRehearsal }, query)

function done(outcome: Awaited<ReturnType<IdentityStore['unlink']>>, lastWay: string): Ended {
  if (outcome === undefined) throw noIdentity()
  if (outcome === 'last_way') throw new GatewayError('conflict', lastWay)
  return outcome
}

/** How one signs in is more than what a token was given for. */
function requireWhole({ permissions, serverId, teamId }: Principal): void {
  if (permissions === null && serverId === null && teamId === null) return
  throw new GatewayError('forbidden', 'this takes a session, or a token that is not narrowed')
}
