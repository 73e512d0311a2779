import type { ToolId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import type { AuthHint, AuthType } from '#/api/credential.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import type { ItemDeps } from '#/api/item-noun.ts'
import type { ItemChange, ItemReader, ItemWriter, StoredItem } from '#/api/items.ts'
import type { HttpBacking } from '#/catalog/model.ts'

/** The HTTP API behind a tool that is declared here: what a call needs to know, and what else is shown of it. */
export interface ToolBacking extends HttpBacking {
  /** Their values are sealed. */
  readonly headerNames: readonly string[]
  readonly authType: AuthType | null
  readonly authHint: AuthHint | null
  readonly baseUrl: string | null
  readonly pathTemplate: string | null
  readonly exposePassthrough: boolean
  readonly allowlist: readonly string[] | null
  readonly extensionMetadata: unknown
}

export interface Tool extends StoredItem<ToolId> {
  readonly name: string
  readonly originalName: string
  readonly customName: string
  readonly displayName: string | null
  readonly deprecated: boolean
  readonly gatewayUrl: string | null
  /** Of its gateway, as far as anybody knows. */
  readonly transport: string | null
  readonly reachable: boolean
  readonly backing: ToolBacking | null
  /** Sealed; see tool-backing.ts. */
  readonly credential: string | null
}

/** What an operator changes of a tool; what is left out stays. */
export interface ToolChange extends ItemChange {
  readonly name?: string
  readonly originalName?: string
  readonly customName?: string
  readonly displayName?: string | null
  readonly deprecated?: boolean
  readonly backing?: ToolBacking
  readonly credential?: string | null
}

export type ToolStore = ItemReader<Tool, ToolId> & ItemWriter<ToolId, ToolChange>

/** Runs a tool on the path of every other call: no database, bounded, recorded. */
export interface ToolInvoker {
  /** The raw JSON of the CallToolResult, byte for byte. `argumentsJson` is the raw JSON of the arguments object. */
  call(principal: Principal, id: ToolId, call: ToolCall): Promise<Buffer>
}

export interface ToolCall {
  readonly argumentsJson: Buffer
  readonly request: RequestContext
}

/** Seals and opens what is kept of a credential; the purpose ties a text to its owner. */
export interface ToolSealer {
  seal(purpose: string, plain: string): string
  open(purpose: string, sealed: string): Buffer
}

export interface ToolDeps extends ItemDeps<'tool', Tool, ToolChange> {
  readonly invoker: ToolInvoker
  readonly sealer: ToolSealer
  /** Refuses a URL that leads where this gateway may not go, or nowhere. */
  readonly addresses: { check(url: string, signal?: AbortSignal): Promise<void> }
}
