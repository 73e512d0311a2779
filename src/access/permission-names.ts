import { PERMISSIONS, type Permission } from './permissions.ts'

/**
 * What a name stands for where rights are narrowed: one permission, `tools.*` for all of a kind, `*` for all that there are. Empty: it
 * is no name of ours.
 */
export function permissionsNamed(name: string): readonly Permission[] {
  if (name === '*') return PERMISSIONS
  if (name.endsWith('.*')) return PERMISSIONS.filter((each) => each.startsWith(name.slice(0, -1)))
  return PERMISSIONS.filter((each) => each === name)
}

/** Whether what an MCP endpoint offers may be used or managed: whoever may may knock at such an endpoint, too. */
export function impliesUse(permissions: Iterable<Permission>): boolean {
  for (const each of permissions) if (/^(?:tools|prompts|resources)\./.test(each)) return true
  return false
}
