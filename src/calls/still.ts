import { allow, allowAny } from '#/access/allow.ts'
import type { Permission } from '#/access/permissions.ts'
import type { Principal } from '#/access/principal.ts'
import { scopeAllowed } from '#/access/scope.ts'
import type { Scope, Snapshot } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Call } from './call.ts'
import type { Destination } from './resolve.ts'

/** What each kind of call takes, when it begins and for as long as it goes on. */
export const CALL_PERMISSIONS = {
  tool: 'tools.execute',
  prompt: 'prompts.read',
  resource: 'resources.read',
} as const satisfies Record<Destination['kind'], Permission>

interface Going {
  readonly call: Call
  readonly destination: Destination
  readonly snapshot: Snapshot
}

/** Throws where this principal could not begin such a call now: at this endpoint, with this item of this gateway. */
export function requireStill(principal: Principal, { call, destination, snapshot }: Going): void {
  const { gateway, item, kind } = destination
  if (call.atEndpoint) requireDoor(principal, call.scope, snapshot)
  if (!principal.visibilityClass.sees(gateway)) throw outside()
  allow(principal, CALL_PERMISSIONS[kind], item)
}

function requireDoor(principal: Principal, scope: Scope, snapshot: Snapshot): void {
  if (!scopeAllowed(principal, scope.kind, scope.kind === 'all' ? null : scope.id)) throw outside()
  if (scope.kind === 'all') return void allowAny(principal, 'servers.use')
  const thing = scope.kind === 'server' ? snapshot.server(scope.id) : snapshot.gateway(scope.id)
  if (thing === undefined) throw outside()
  allow(principal, 'servers.use', thing)
}

function outside(): GatewayError {
  return new GatewayError('not_found', 'what was called is not visible to you any more')
}
