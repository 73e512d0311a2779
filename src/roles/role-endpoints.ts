import { Type } from '#/api/type.ts'
import { RoleId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import { roleOf, type Role, type RoleScope } from '#/access/roles.ts'
import { actorOf } from '#/api/actor.ts'
import { etagOf, preconditionFailed } from '#/api/conditional.ts'
import { DryRunQuery, dryRunReply, writerFor } from '#/api/dry-run.ts'
import { endpoint, type Endpoint, type Reply } from '#/api/endpoint.ts'
import { IdParams } from '#/api/params.ts'
import { effectsOf } from '#/catalog/effects.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { foldCase } from '#/lib/fold-case.ts'
import { permissionsIn, requireNoWider } from './no-wider.ts'
import type { RoleDeps, RoleRow } from './role.ts'
import { isAskedFor, requireSame, RoleCreate, RoleUpdate, RoleView, roleView, ScopeQuery } from './role-view.ts'

const tag = 'roles'
const withTag = (row: RoleRow): Reply => ({ headers: { etag: etagOf(row.version) }, body: roleView(row) })

/** An id with or without dashes, or the name of a role. */
export async function roleFor({ store }: RoleDeps, given: string): Promise<RoleRow> {
  const all = await store.all()
  const id = given.toLowerCase().replaceAll('-', '')
  const row = all.find((role) => role.id === id) ?? all.find(({ name }) => foldCase(name) === foldCase(given))
  if (row === undefined) throw new GatewayError('not_found', 'Role not found', { field: 'role_id' })
  return row
}

/** Roles themselves: which there are and what they permit. */
export function roleEndpoints(deps: RoleDeps): readonly Endpoint[] {
  return [...reading(deps), ...writing(deps), ending(deps)]
}

function reading(deps: RoleDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /rbac/roles',
      permission: 'access.read',
      tag,
      summary: 'List roles, by name',
      query: Type.Object({ scope: Type.Optional(ScopeQuery), active_only: Type.Optional(Type.Boolean()) }),
      reply: Type.Array(RoleView),
      handle: async ({ query }) => {
        const rows = await deps.store.all()
        return { body: rows.filter(({ scope }) => isAskedFor(scope, query.scope)).map(roleView) }
      },
    }),
    endpoint({
      route: 'GET /rbac/roles/{id}',
      permission: 'access.read',
      tag,
      summary: 'Read a role, by id or name',
      params: IdParams,
      reply: RoleView,
      handle: async ({ params }) => withTag(await roleFor(deps, params.id)),
    }),
  ]
}

function writing(deps: RoleDeps): readonly Endpoint[] {
  const settledRole = async (id: RoleId, seq: number | null): Promise<Reply> => {
    await deps.settled(seq)
    return withTag(await roleFor(deps, id))
  }
  return [
    endpoint({
      route: 'POST /rbac/roles',
      permission: 'admin.user_management',
      tag,
      summary: 'Make a role of permissions that you hold yourself',
      query: Type.Object(DryRunQuery),
      body: RoleCreate,
      reply: RoleView,
      handle: async ({ query, body, principal, request }) => {
        const scope: RoleScope = body.scope === 'team' ? 'team' : 'platform'
        const permissions = permissionsIn(body.permissions, scope)
        requireNoWider(principal, permissions, null)
        const { name, description = null } = body
        const id = RoleId.mint()
        const role = { name, description, scope, permissions }
        const { seq } = await writerFor(deps, query).create(id, role, actorOf(principal, request))
        if (query.dry_run === true) return await supposing(deps, principal, { id, to: roleOf({ id, ...role }) })
        return await settledRole(id, seq)
      },
    }),
    endpoint({
      route: 'PUT /rbac/roles/{id}',
      permission: 'admin.user_management',
      tag,
      summary: 'Change a role; it takes effect for everybody who holds it within a second',
      params: IdParams,
      query: Type.Object(DryRunQuery),
      body: RoleUpdate,
      reply: RoleView,
      handle: async ({ params, query, body, principal, ifMatch, request }) => {
        const row = changeable(await roleFor(deps, params.id))
        requireSame(row, body)
        const permissions = permissionsIn(body.permissions ?? row.permissions ?? [], row.scope)
        requireNoWider(principal, [...permissions, ...roleOf(row).permissions], null)
        const { name = row.name, description = row.description } = body
        const to = { ifMatch: ifMatch ?? row.version, actor: actorOf(principal, request) }
        const role = { name, description, scope: row.scope, permissions }
        const changed = await writerFor(deps, query).update(row.id, role, to)
        if (changed === undefined) throw preconditionFailed('the role', row.version, roleView(row))
        if (query.dry_run === true)
          return await supposing(deps, principal, { id: row.id, to: roleOf({ ...row, permissions }) })
        return await settledRole(row.id, changed.seq)
      },
    }),
  ]
}

function ending(deps: RoleDeps): Endpoint {
  return endpoint({
    route: 'DELETE /rbac/roles/{id}',
    permission: 'admin.user_management',
    tag,
    summary: 'End a role; who held it holds it no longer',
    params: IdParams,
    query: Type.Object(DryRunQuery),
    reply: Type.Object({ message: Type.String() }),
    handle: async ({ params, query, principal, ifMatch, request }) => {
      const row = changeable(await roleFor(deps, params.id))
      requireNoWider(principal, roleOf(row).permissions, null)
      const changed = await writerFor(deps, query).remove(row.id, { ifMatch, actor: actorOf(principal, request) })
      if (changed === undefined) throw preconditionFailed('the role', row.version, roleView(row))
      if (query.dry_run === true) return await supposing(deps, principal, { id: row.id, to: null })
      await deps.settled(changed.seq)
      return { body: { message: `Role ${row.name} deleted` } }
    },
  })
}

/** What it would change that a role is another one, or none. */
async function supposing(
  { fresh }: RoleDeps,
  asking: Principal,
  { id, to }: { readonly id: RoleId; readonly to: Role | null },
): Promise<Reply> {
  return dryRunReply(await effectsOf(await fresh(), { after: { roles: new Map([[id, to]]) }, asking }))
}

function changeable(row: RoleRow): RoleRow {
  if (row.permissions === null) throw new GatewayError('conflict', `${row.name} is built in: make a role of your own`)
  return row
}
