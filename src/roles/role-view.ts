import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { roleOf } from '#/access/roles.ts'
import { requireUnchanged } from '#/api/unchanged.ts'
import type { AssignmentRow, RoleRow } from './role.ts'

const Text = Type.Union([Type.String(), Type.Null()])
const time = Type.String({ format: 'date-time' })
const Names = Type.Array(Type.String())

export const RoleView = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    description: Text,
    scope: Type.String({ description: 'global (in the platform) or team' }),
    permissions: Names,
    effective_permissions: Names,
    inherits_from: Type.Null(),
    created_by: Text,
    is_system_role: Type.Boolean(),
    is_active: Type.Boolean(),
    created_at: time,
    updated_at: time,
    version: Type.Integer(),
  },
  { title: 'Role' },
)

/** The scope as clients call it. */
export const scopeName = (scope: 'platform' | 'team'): string => (scope === 'platform' ? 'global' : 'team')

export function roleView(row: RoleRow): Record<string, unknown> {
  const effective = [...roleOf(row).permissions]
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    scope: scopeName(row.scope),
    permissions: row.permissions ?? effective,
    effective_permissions: effective,
    inherits_from: null,
    created_by: row.createdBy,
    is_system_role: row.permissions === null,
    is_active: true,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
    version: row.version,
  }
}

export const AssignmentView = Type.Object(
  {
    id: Type.String(),
    user_email: Type.String(),
    role_id: Type.String(),
    role_name: Type.String(),
    scope: Type.String(),
    scope_id: Text,
    granted_by: Text,
    granted_at: time,
    expires_at: Text,
    is_active: Type.Boolean({ description: 'false: it is over' }),
    grant_source: Type.String(),
  },
  { title: 'RoleAssignment' },
)

export function assignmentView(row: AssignmentRow): Record<string, unknown> {
  return {
    id: row.id,
    user_email: row.email,
    role_id: row.role.id,
    role_name: row.role.name,
    scope: scopeName(row.role.scope),
    scope_id: row.teamId,
    granted_by: row.grantedBy,
    granted_at: row.grantedAt,
    expires_at: row.expiresAt,
    is_active: row.expiresAt === null || Date.parse(row.expiresAt) > Date.now(),
    grant_source: 'local',
  }
}

export const ScopeInput = Type.Union([Type.Literal('global'), Type.Literal('platform'), Type.Literal('team')], {
  description: 'global (in the platform) or team',
})
/** What is asked for; nothing is held in a scope that is personal. */
export const ScopeQuery = Type.Union([...ScopeInput.anyOf, Type.Literal('personal')], {
  description: 'global (in the platform), team; of personal there are none',
})
export type ScopeQuery = Static<typeof ScopeQuery>

/** Whether something of a scope is asked for. */
export function isAskedFor(scope: 'platform' | 'team', asked: ScopeQuery | undefined): boolean {
  return asked === undefined || asked === scope || asked === scopeName(scope)
}
const Permissions = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 200 })

export const RoleCreate = Type.Object({
  name: Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: '\\S',
    description: 'with at least one visible character',
  }),
  description: Type.Optional(Type.Union([Type.String({ maxLength: 1000 }), Type.Null()])),
  scope: ScopeInput,
  permissions: Permissions,
})
export type RoleCreate = Static<typeof RoleCreate>

const AS_READ = 'As it was read, by whoever writes back the whole role: no change of it can be meant'
export const RoleUpdate = Type.Object({
  name: Type.Optional(RoleCreate.properties.name),
  description: RoleCreate.properties.description,
  permissions: Type.Optional(Permissions),
  scope: Type.Optional(Type.String({ maxLength: 32, description: AS_READ })),
  effective_permissions: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { description: AS_READ })),
})
export type RoleUpdate = Static<typeof RoleUpdate>

/** Refuses another scope, and what follows from the permissions said otherwise. */
export function requireSame(row: RoleRow, body: RoleUpdate): void {
  const { scope: said, ...rest } = body
  const scope = scopeName(row.scope)
  const is = { scope, effective_permissions: [...roleOf(row).permissions] }
  requireUnchanged(said === undefined ? rest : { ...rest, scope: said === 'platform' ? 'global' : said }, is, {
    scope: `a role is held where it was made for: it is ${scope}. Make another role instead`,
    effective_permissions: 'they follow from permissions: say those',
  })
}

export const AssignmentCreate = Type.Object({
  role_id: Type.String({ maxLength: 255, description: 'Id or name of the role' }),
  scope: ScopeInput,
  scope_id: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Null()], { description: 'Id of the team' })),
  expires_at: Type.Optional(
    Type.Union([Type.String({ maxLength: 40 }), Type.Null()], { description: 'null: for good' }),
  ),
})
export type AssignmentCreate = Static<typeof AssignmentCreate>
