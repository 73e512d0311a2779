import { PLATFORM_ADMIN_ROLE, type RoleId } from './ids.ts'
import { PERMISSIONS, PLATFORM_PERMISSIONS, type Permission } from './permissions.ts'

/** Where a role can be held: in the platform, or in one team. */
export type RoleScope = 'platform' | 'team'

/** Permissions under a name. Immutable: a changed role is another object. */
export interface Role {
  readonly id: RoleId
  readonly name: string
  readonly scope: RoleScope
  readonly permissions: ReadonlySet<Permission>
}

const READS: readonly Permission[] = [
  'gateways.read',
  'servers.read',
  'servers.use',
  'tools.read',
  'prompts.read',
  'resources.read',
  'tags.read',
  'teams.read',
]
const OWN_TOKENS: readonly Permission[] = ['tokens.create', 'tokens.read', 'tokens.update', 'tokens.revoke']
const VIEWER: readonly Permission[] = [...READS, 'tools.execute', ...OWN_TOKENS]
const DEVELOPER: readonly Permission[] = [
  ...VIEWER,
  ...PERMISSIONS.filter((name) => /^(gateways|servers|tools|prompts|resources)\.(create|update|delete)$/.test(name)),
]

const ID_STEM = PLATFORM_ADMIN_ROLE.slice(0, -1)

/** The n-th role that the product has had, named `scope:name`. */
function builtIn(n: number, called: `${RoleScope}:${string}`, permissions: readonly Permission[]): Role {
  const [scope, name] = called.split(':') as [RoleScope, string]
  return Object.freeze({ id: `${ID_STEM}${n}` as RoleId, name, scope, permissions: new Set(permissions) })
}

export const PLATFORM_ADMIN = builtIn(1, 'platform:platform_admin', PERMISSIONS)
export const PLATFORM_VIEWER = builtIn(2, 'platform:platform_viewer', [
  ...READS,
  ...OWN_TOKENS,
  'teams.join',
  'access.read',
])
export const TEAM_ADMIN = builtIn(3, 'team:team_admin', [
  ...DEVELOPER,
  'teams.update',
  'teams.delete',
  'teams.manage_members',
])
export const TEAM_DEVELOPER = builtIn(4, 'team:developer', DEVELOPER)
export const TEAM_VIEWER = builtIn(5, 'team:viewer', VIEWER)

/** Roles that are the product's: their ids and names are rows in the database, what they permit is said here. */
export const BUILT_IN_ROLES: ReadonlyMap<RoleId, Role> = new Map(
  [PLATFORM_ADMIN, PLATFORM_VIEWER, TEAM_ADMIN, TEAM_DEVELOPER, TEAM_VIEWER].map((role) => [role.id, role]),
)

/** A role as it is stored; permissions null: it is built in. */
export interface StoredRole {
  readonly id: RoleId
  readonly name: string
  readonly scope: RoleScope
  readonly permissions: readonly string[] | null
}

/** What a stored role permits: nothing that its scope cannot hold, nothing that this version does not know. */
export function roleOf({ id, name, scope, permissions }: StoredRole): Role {
  const builtIn = BUILT_IN_ROLES.get(id)
  if (builtIn !== undefined) return builtIn
  const known = PERMISSIONS.filter((each) => permissions?.includes(each))
  const held = scope === 'platform' ? known : known.filter((each) => !PLATFORM_PERMISSIONS.has(each))
  return Object.freeze({ id, name, scope, permissions: new Set(held) })
}
