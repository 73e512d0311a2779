import type { ToolId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import type { Changed, WriteTo } from '#/api/actor.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import type { ItemFilter, ServerOwners, StoredItem } from '#/api/items.ts'
import type { Page, PageRequest } from '#/api/paging.ts'
import type { Tag } from '#/api/tags.ts'

export interface Tool extends StoredItem<ToolId> {
  readonly name: string
  readonly originalName: string
  readonly customName: string
  readonly displayName: string | null
  readonly deprecated: boolean
  readonly gatewayUrl: string | null
  readonly reachable: boolean
}

/** What an operator changes of a tool; what is left out stays. */
export interface ToolChange {
  readonly name?: string
  readonly customName?: string
  readonly displayName?: string | null
  readonly customTitle?: string | null
  readonly customDescription?: string | null
  readonly tags?: readonly Tag[]
  readonly visibility?: Tool['visibility']
  readonly deprecated?: boolean
  readonly enabled?: boolean
}

export interface ToolReader extends ServerOwners {
  page(request: PageRequest, filter: ItemFilter): Promise<Page<Tool>>
  byId(id: ToolId): Promise<Tool | undefined>
}

export interface ToolWriter {
  /** undefined: no such tool, or another version. Throws `conflict` where the new name is taken. */
  update(id: ToolId, change: ToolChange, to: WriteTo): Promise<Changed | undefined>
  remove(id: ToolId, to: WriteTo): Promise<Changed | undefined>
}

/** Runs a tool on the path of every other call: no database, bounded, recorded. */
export interface ToolInvoker {
  /** The raw JSON of the CallToolResult, byte for byte. `argumentsJson` is the raw JSON of the arguments object. */
  call(principal: Principal, id: ToolId, call: ToolCall): Promise<Buffer>
}

export interface ToolCall {
  readonly argumentsJson: Buffer
  readonly request: RequestContext
}

export interface ToolDeps {
  readonly store: ToolReader & ToolWriter
  readonly invoker: ToolInvoker
  readonly settled: (seq: number | null) => Promise<void>
}
