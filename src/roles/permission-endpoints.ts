import { Type } from '#/api/type.ts'
import { allowAny } from '#/access/allow.ts'
import { decide } from '#/access/decide.ts'
import { TeamId } from '#/access/ids.ts'
import { PERMISSIONS, type Permission } from '#/access/permissions.ts'
import type { Owned, Principal } from '#/access/principal.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { emailKey } from '#/lib/email-key.ts'
import { explain } from './explain.ts'
import type { RoleDeps } from './role.ts'
import { subjectFor, THING_KINDS, thingFor, type ThingKind } from './subject.ts'

const tag = 'access'
const Names = Type.Array(Type.String())
const TeamQuery = Type.Object({
  team_id: Type.Optional(Type.String({ description: 'Only as far as this team is concerned' })),
})
const Kind = Type.Union(THING_KINDS.map((kind) => Type.Literal(kind)))

/** What may be done, by whom, and why. */
export function permissionEndpoints(deps: RoleDeps): readonly Endpoint[] {
  return [explaining(deps), ...listing(deps), checking(deps)]
}

function explaining(deps: RoleDeps): Endpoint {
  return endpoint({
    route: 'GET /access/explain',
    permission: 'access.read',
    tag,
    summary: 'Whether something may be done, which rule decides it, and what would change that',
    description:
      'The answer comes from the function that decides every request. About yourself, with the token in hand; about somebody else for those who look after users.',
    query: Type.Object({
      permission: Type.String({ description: 'Such as tools.execute' }),
      kind: Type.Optional(Kind),
      id: Type.Optional(Type.String({ description: 'Of the thing; without it, the permission in general' })),
      user: Type.Optional(Type.String({ description: 'E-mail; yourself unless said' })),
    }),
    reply: Type.Object(
      {
        user: Type.String(),
        permission: Type.String(),
        thing: Type.Unknown(),
        allowed: Type.Boolean(),
        rule: Type.Union([Type.String(), Type.Null()]),
        refusal: Type.Union([Type.String(), Type.Null()]),
        because: Type.String(),
        would_change: Names,
        roles: Names,
      },
      { title: 'AccessExplanation' },
    ),
    handle: async ({ query, principal }) => {
      const permission = permissionIn(query.permission)
      if ((query.kind === undefined) !== (query.id === undefined))
        throw invalid('id', 'say kind and id of the thing, or neither')
      const asked = query.kind && query.id ? { kind: query.kind as ThingKind, id: query.id } : null
      const thing = asked && thingFor(deps.snapshot(), asked, principal)
      const who = await askedAbout(deps, principal, query.user)
      const gateway = thing === null ? undefined : gatewayOf(deps, thing)
      const { decision, because, wouldChange } = explain(who, {
        permission,
        thing,
        gateway,
        known: [...deps.snapshot().roles()],
      })
      return {
        body: {
          user: who.email,
          permission,
          thing: asked && { ...asked, team_id: thing?.teamId ?? null, visibility: thing?.visibility },
          allowed: decision.may,
          rule: decision.may ? decision.rule : null,
          refusal: decision.may ? null : decision.why,
          because,
          would_change: wouldChange,
          roles: heldBy(who),
        },
      }
    },
  })
}

function gatewayOf({ snapshot }: RoleDeps, thing: Owned & { readonly gatewayId?: string }): Owned | undefined {
  return thing.gatewayId === undefined ? undefined : snapshot().gateway(thing.gatewayId)
}

function heldBy({ roles }: Principal): readonly string[] {
  const held = [...roles.platform, ...[...roles.byTeam.values()].flat()]
  return [...new Set(held.map(({ rule }) => rule))]
}

async function askedAbout(deps: RoleDeps, principal: Principal, email: string | undefined): Promise<Principal> {
  if (email === undefined || emailKey(email) === emailKey(principal.email)) return principal
  allowAny(principal, 'admin.user_management')
  return await subjectFor(deps, email)
}

function listing(deps: RoleDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /rbac/permissions/available',
      permission: 'access.read',
      tag,
      summary: 'The closed list of permissions',
      reply: Type.Object({
        all_permissions: Names,
        permissions_by_resource: Type.Record(Type.String(), Names),
        total_count: Type.Integer(),
      }),
      handle: async () => {
        const byNoun = Map.groupBy(PERMISSIONS, (name) => name.slice(0, name.indexOf('.')))
        const body = { all_permissions: PERMISSIONS, permissions_by_resource: Object.fromEntries(byNoun) }
        return { body: { ...body, total_count: PERMISSIONS.length } }
      },
    }),
    endpoint({
      route: 'GET /rbac/my/permissions',
      permission: 'access.read',
      tag,
      summary: 'What you may do somewhere, with the token in hand',
      query: TeamQuery,
      reply: Names,
      handle: async ({ query, principal }) => ({ body: permissionsOf(principal, inTeam(query.team_id)) }),
    }),
    endpoint({
      route: 'GET /rbac/permissions/user/{email}',
      permission: 'admin.user_management',
      tag,
      summary: 'What a user may do somewhere',
      params: Type.Object({ email: Type.String() }),
      query: TeamQuery,
      reply: Names,
      handle: async ({ params, query }) => ({
        body: permissionsOf(await subjectFor(deps, params.email), inTeam(query.team_id)),
      }),
    }),
  ]
}

function permissionsOf(who: Principal, thing: Owned | null): readonly Permission[] {
  return PERMISSIONS.filter((permission) => decide(who, permission, thing).may)
}

/** Whatever a team's members share. */
function inTeam(teamId: string | null | undefined): Owned | null {
  if (teamId === null || teamId === undefined) return null
  if (!TeamId.is(teamId)) throw invalid('team_id', 'there is no such team')
  return { ownerId: null, teamId, visibility: 'team' }
}

function checking(deps: RoleDeps): Endpoint {
  const Optional = Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Null()]))
  return endpoint({
    route: 'POST /rbac/permissions/check',
    permission: 'admin.user_management',
    tag,
    summary: 'Whether a user may do something',
    body: Type.Object({
      user_email: Type.String({ maxLength: 320 }),
      permission: Type.String({ maxLength: 64 }),
      resource_type: Optional,
      resource_id: Optional,
      team_id: Optional,
    }),
    reply: Type.Object({
      user_email: Type.String(),
      permission: Type.String(),
      granted: Type.Boolean(),
      checked_at: Type.String({ format: 'date-time' }),
      checked_by: Type.String(),
    }),
    handle: async ({ body, principal }) => {
      const permission = permissionIn(body.permission)
      const { user_email: email, resource_type: type, resource_id: id } = body
      const kind = THING_KINDS.find((each) => type === each || type === `${each}s`)
      if (type && kind === undefined) throw invalid('resource_type', `is one of ${THING_KINDS.join(', ')}`)
      const thing = kind && id ? thingFor(deps.snapshot(), { kind, id }, principal) : inTeam(body.team_id)
      const granted = decide(await subjectFor(deps, email), permission, thing).may
      const checked = { checked_at: new Date().toISOString(), checked_by: principal.email }
      return { body: { user_email: email, permission, granted, ...checked } }
    },
  })
}

function permissionIn(name: string): Permission {
  const permission = PERMISSIONS.find((each) => each === name)
  if (permission === undefined)
    throw invalid('permission', `there is no '${name.slice(0, 64)}'; there are ${PERMISSIONS.join(', ')}`)
  return permission
}

function invalid(field: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `${field}: ${why}`, { field })
}
