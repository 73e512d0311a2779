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
  'admin.export',
  'admin.import',
  'admin.metrics',
  'admin.system_config',
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
