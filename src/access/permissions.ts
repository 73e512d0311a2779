/** The closed list of what can be permitted. A route or MCP method names exactly one. */
export const PERMISSIONS = [
  'gateways.create',
  'gateways.read',
  'gateways.update',
  'gateways.delete',
  'servers.create',
  'servers.read',
  'servers.update',
  'servers.delete',
  'servers.use',
  'tools.create',
  'tools.read',
  'tools.update',
  'tools.delete',
  'tools.execute',
  'prompts.create',
  'prompts.read',
  'prompts.update',
  'prompts.delete',
  'resources.create',
  'resources.read',
  'resources.update',
  'resources.delete',
  'tokens.create',
  'tokens.read',
  'tokens.update',
  'tokens.revoke',
  'tags.read',
  'teams.create',
  'teams.read',
  'teams.update',
  'teams.delete',
  'teams.join',
  'teams.manage_members',
  'access.read',
  'admin.export',
  'admin.import',
  'admin.metrics',
  'admin.security_audit',
  'admin.system_config',
  'admin.user_management',
] as const

export type Permission = (typeof PERMISSIONS)[number]

/** All that a token narrowed to one virtual server can still hold: the use of what that server offers, and nothing of its management. */
export const SERVER_PERMISSIONS: ReadonlySet<Permission> = new Set([
  'servers.read',
  'servers.use',
  'tools.read',
  'tools.execute',
  'prompts.read',
  'resources.read',
])

const PLATFORM_NAMES: ReadonlySet<string> = new Set(['teams.create', 'teams.join', 'access.read'])

/** What can be done with what everybody sees, under a role in whichever scope: to look at it and to use it, never to change it. */
export const USE_PERMISSIONS: ReadonlySet<Permission> = new Set([...SERVER_PERMISSIONS, 'gateways.read'])

/** What concerns the platform as a whole: held by roles in the platform only, and by no token of a team. */
export const PLATFORM_PERMISSIONS: ReadonlySet<Permission> = new Set(
  PERMISSIONS.filter((name) => name.startsWith('admin.') || PLATFORM_NAMES.has(name)),
)
