import type { Principal } from '#/access/principal.ts'
import type { Reply, RequestContext, Route } from '#/api/endpoint.ts'
import type { GatewayReader } from '#/gateways/gateway-store.ts'
import type { PromptStore } from '#/prompts/prompt.ts'
import type { ResourceStore } from '#/resources/resource.ts'
import type { RootStore } from '#/roots/root-endpoints.ts'
import type { ServerReader } from '#/servers/server.ts'
import type { ToolStore } from '#/tools/tool.ts'
import type { ImportStore } from './import-state.ts'

export const ENTITY_TYPES = ['tools', 'gateways', 'servers', 'prompts', 'resources', 'roots'] as const
export type EntityType = (typeof ENTITY_TYPES)[number]

/** One thing of an export: its fields as the format names them. */
export type Entity = Readonly<Record<string, unknown>>

/** A request as a client would make it, in the clean form: by whom, to what, with what. */
export interface Request {
  readonly route: Route
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: Readonly<Record<string, unknown>>
}

/** Does what the request would do, with the permission that it would need. */
export type Perform = (
  request: Request,
  by: { readonly principal: Principal; readonly request: RequestContext },
) => Promise<Reply>

/** Where things are read from. */
export interface Stores {
  readonly tools: Pick<ToolStore, 'page'>
  readonly prompts: Pick<PromptStore, 'page'>
  readonly resources: Pick<ResourceStore, 'page'>
  readonly servers: Pick<ServerReader, 'page'>
  readonly gateways: Pick<GatewayReader, 'page'>
  readonly roots: Pick<RootStore, 'all'>
}

export interface TransferDeps {
  readonly stores: Stores
  readonly opener: { open(purpose: string, sealed: string): Buffer }
  readonly imports: ImportStore
  readonly perform: Perform
}
