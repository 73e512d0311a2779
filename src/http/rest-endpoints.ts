import type { Edge } from '#/api/edge.ts'
import type { Endpoint } from '#/api/endpoint.ts'
import type { AuditDeps } from '#/audit/audit.ts'
import { auditEndpoints } from '#/audit/audit-endpoints.ts'
import { declaredEndpoints } from '#/declared/declared-endpoints.ts'
import type { DeclaredStore } from '#/declared/declared-store.ts'
import { gatewayEndpoints } from '#/gateways/gateway-endpoints.ts'
import type { GatewayLogsDeps } from '#/gateways/gateway-logs.ts'
import { promptEndpoints } from '#/prompts/prompt-endpoints.ts'
import { keyEndpoints } from '#/keys/key-endpoints.ts'
import type { KeyDeps } from '#/keys/keys.ts'
import { lenientEdge } from '#/lenience/lenient-edge.ts'
import type { PromptDeps } from '#/prompts/prompt.ts'
import { callEndpoints, type CallDeps } from '#/records/call-endpoints.ts'
import { metricsEndpoints, type MetricsDeps } from '#/records/metrics-endpoints.ts'
import { resourceEndpoints } from '#/resources/resource-endpoints.ts'
import type { ResourceDeps } from '#/resources/resource.ts'
import { rootEndpoints, type RootDeps } from '#/roots/root-endpoints.ts'
import { serverEndpoints } from '#/servers/server-endpoints.ts'
import type { ServerDeps } from '#/servers/server.ts'
import { tagEndpoints, type TagDeps } from '#/tags/tag-endpoints.ts'
import { assignmentEndpoints } from '#/roles/assignment-endpoints.ts'
import { permissionEndpoints } from '#/roles/permission-endpoints.ts'
import type { RoleDeps } from '#/roles/role.ts'
import { roleEndpoints } from '#/roles/role-endpoints.ts'
import type { TeamDeps } from '#/teams/team.ts'
import { teamEndpoints } from '#/teams/team-endpoints.ts'
import type { PeopleDeps } from '#/users/user.ts'
import { eventEndpoints } from '#/users/event-endpoints.ts'
import { forgottenPassword } from '#/users/forgotten-password.ts'
import { identityEndpoints } from '#/users/identity-endpoints.ts'
import { passwordEndpoints } from '#/users/password-endpoints.ts'
import { sessionEndpoints } from '#/users/session-endpoints.ts'
import { signInEndpoints } from '#/users/sign-in-endpoints.ts'
import { ssoEndpoints } from '#/users/sso-endpoints.ts'
import { userEndpoints } from '#/users/user-endpoints.ts'
import { otherTokenEndpoints, type OtherTokenDeps } from '#/tokens/other-endpoints.ts'
import { tokenEndpoints } from '#/tokens/token-endpoints.ts'
import { toolEndpoints } from '#/tools/tool-endpoints.ts'
import type { ToolDeps } from '#/tools/tool.ts'
import { exportEndpoints } from '#/transfer/export-endpoints.ts'
import { importEndpoints } from '#/transfer/import-endpoints.ts'
import type { ImportStore } from '#/transfer/import-state.ts'
import { documentEndpoints } from './rest-documents.ts'
import { performer } from './rest-perform.ts'
import { robotsEndpoints } from './rest-robots.ts'
import { searchEndpoint, type SearchDeps } from './rest-search.ts'
import { systemEndpoints, type SystemDeps } from './rest-system.ts'
import { wellKnownEndpoints, type ResourceServer } from './rest-well-known.ts'

/** What the nouns need, each in its own words. */
export interface RestDeps {
  readonly gateways: GatewayLogsDeps
  readonly servers: ServerDeps
  readonly tools: ToolDeps
  readonly prompts: PromptDeps
  readonly resources: ResourceDeps
  readonly tokens: OtherTokenDeps
  readonly users: PeopleDeps
  readonly resourceServer: ResourceServer
  readonly teams: TeamDeps
  readonly roles: RoleDeps
  readonly metrics: MetricsDeps & CallDeps
  readonly audit: AuditDeps
  readonly keys: KeyDeps
  readonly system: SystemDeps
  readonly tags: TagDeps
  readonly search: SearchDeps
  readonly roots: RootDeps
  readonly imports: ImportStore
  readonly declared: DeclaredStore
}

export interface RestFace {
  readonly version: string
  /** Which forms are known besides the clean one; unless told otherwise, all of them. */
  readonly edge?: Edge
}

/** Every REST route there is: what is mounted, described, documented and tested is this list. */
export function restEndpoints(deps: RestDeps, { version, edge = lenientEdge }: RestFace): readonly Endpoint[] {
  const nouns = nounEndpoints(deps)
  const endpoints = edge.endpoints([...nouns, ...transferEndpoints(deps, nouns)])
  return [...endpoints, ...documentEndpoints(endpoints, version)]
}

/** Exports read the nouns' stores; imports make the requests that a client would have made. */
function transferEndpoints(deps: RestDeps, nouns: readonly Endpoint[]): readonly Endpoint[] {
  const { tools, prompts, resources, servers, gateways, roots } = deps
  const stores = {
    tools: tools.store,
    prompts: prompts.store,
    resources: resources.store,
    servers: servers.store,
    gateways: gateways.store,
    roots: roots.store,
  }
  const transfer = { stores, opener: tools.sealer, imports: deps.imports, perform: performer(nouns) }
  return [...exportEndpoints(transfer), ...importEndpoints(transfer)]
}

function nounEndpoints(deps: RestDeps): readonly Endpoint[] {
  return [
    ...gatewayEndpoints(deps.gateways),
    ...serverEndpoints(deps.servers),
    ...toolEndpoints(deps.tools),
    ...promptEndpoints(deps.prompts),
    ...resourceEndpoints(deps.resources),
    ...tokenEndpoints(deps.tokens),
    ...otherTokenEndpoints(deps.tokens),
    ...userEndpoints(deps.users),
    ...identityEndpoints(deps.users),
    ...eventEndpoints(deps.users),
    ...signInEndpoints(deps.users),
    ...ssoEndpoints(deps.users),
    ...sessionEndpoints(deps.users),
    ...passwordEndpoints(deps.users),
    forgottenPassword(deps.users),
    ...teamEndpoints(deps.teams),
    ...roleEndpoints(deps.roles),
    ...assignmentEndpoints(deps.roles),
    ...permissionEndpoints(deps.roles),
    ...metricsEndpoints(deps.metrics),
    ...callEndpoints(deps.metrics),
    ...auditEndpoints(deps.audit),
    ...keyEndpoints(deps.keys),
    ...tagEndpoints(deps.tags),
    searchEndpoint(deps.search),
    ...rootEndpoints(deps.roots),
    ...systemEndpoints(deps.system),
    ...wellKnownEndpoints(deps.resourceServer),
    ...robotsEndpoints(),
    ...declaredEndpoints({ ...deps, store: deps.declared }),
  ]
}
