import type { Era } from './revision.ts'

/** What the front door does with a method. later: refused cleanly until it is built. */
export type MethodKind = 'local' | 'list' | 'relay' | 'notification' | 'later'

/** The permissions that methods name; a subset of the product's closed list. */
export type MethodPermission = 'tools.read' | 'tools.execute' | 'prompts.read' | 'resources.read'

export interface MethodRow {
  readonly eras: readonly Era[]
  readonly kind: MethodKind
  /** null: open to whoever may use the endpoint. */
  readonly permission: MethodPermission | null
  /** The member of params that names the target; mirrored in the `Mcp-Name` header. */
  readonly target: 'name' | 'uri' | null
  /** Running it twice changes nothing. */
  readonly idempotent: boolean
}

const LEGACY = ['legacy'] as const
const MODERN = ['modern'] as const
const BOTH = ['legacy', 'modern'] as const
const local = { kind: 'local', permission: null, target: null, idempotent: true } as const
const notification = { kind: 'notification', permission: null, target: null, idempotent: true } as const
const list = { eras: BOTH, kind: 'list', target: null, idempotent: true } as const
const relay = { eras: BOTH, kind: 'relay', idempotent: true } as const
const later = { kind: 'later', target: null, idempotent: true } as const

/** Every method that a client may send, and in which eras it exists. */
export const METHODS = {
  initialize: { ...local, eras: LEGACY },
  ping: { ...local, eras: LEGACY },
  'logging/setLevel': { ...local, eras: LEGACY },
  'server/discover': { ...local, eras: MODERN },
  'notifications/initialized': { ...notification, eras: LEGACY },
  'notifications/cancelled': { ...notification, eras: BOTH },
  'notifications/progress': { ...notification, eras: LEGACY },
  'notifications/roots/list_changed': { ...notification, eras: LEGACY },
  'tools/list': { ...list, permission: 'tools.read' },
  'tools/call': { ...relay, permission: 'tools.execute', target: 'name', idempotent: false },
  'resources/list': { ...list, permission: 'resources.read' },
  'resources/templates/list': { ...list, permission: 'resources.read' },
  'resources/read': { ...relay, permission: 'resources.read', target: 'uri' },
  'prompts/list': { ...list, permission: 'prompts.read' },
  'prompts/get': { ...relay, permission: 'prompts.read', target: 'name' },
  'completion/complete': { ...relay, permission: null, target: null },
  'resources/subscribe': { ...later, eras: LEGACY, permission: 'resources.read' },
  'resources/unsubscribe': { ...later, eras: LEGACY, permission: 'resources.read' },
  'subscriptions/listen': { ...later, eras: MODERN, permission: null },
} as const satisfies Record<string, MethodRow>

export type Method = keyof typeof METHODS

/** The row of a method in one era; undefined where that era does not know it. */
export function methodIn(era: Era, method: string): MethodRow | undefined {
  const row = Object.hasOwn(METHODS, method) ? (METHODS[method as Method] as MethodRow) : undefined
  return row?.eras.includes(era) ? row : undefined
}
