import type {
  GatewayId,
  PromptId,
  ResourceId,
  RoleId,
  ServerId,
  TeamId,
  TokenId,
  ToolId,
  UserId,
} from '#/access/ids.ts'
import type { StoredRole } from '#/access/roles.ts'
import type { Change } from './changes.ts'
import type {
  CatalogGateway,
  CatalogPrompt,
  CatalogResource,
  CatalogRoot,
  CatalogServer,
  CatalogTeam,
  CatalogToken,
  CatalogTool,
  CatalogUser,
} from './model.ts'

export interface Page<T> {
  readonly items: readonly T[]
  /** Where the next page begins; null: this is the last. */
  readonly next: string | null
}

/** Things of one kind as they are now. */
export interface Source<T, Id extends string> {
  page(after: string | null): Promise<Page<T>>
  /** At most `READ_MAX` ids; what does not exist is left out. */
  byIds(ids: readonly Id[]): Promise<readonly T[]>
}

export interface ItemSource<T, Id extends string> extends Source<T, Id> {
  /** All items of these gateways. */
  ofGateways(gateways: readonly GatewayId[], after: string | null): Promise<Page<T>>
}

/** Ids to a statement, so that none runs long. */
export const READ_MAX = 500

/** What happened after a number of the clock. */
export interface ChangesSince {
  /** The clock at the same instant. */
  readonly seq: number
  /** In order; null: the log does not reach back that far, or holds too much: load anew. */
  readonly changes: readonly Change[] | null
}

/** What the catalog needs from storage. Each method is one statement, and nothing holds between two of them. */
export interface CatalogReader {
  clock(): Promise<number>
  changesSince(seq: number): Promise<ChangesSince>
  readonly users: Source<CatalogUser, UserId>
  readonly teams: Source<CatalogTeam, TeamId>
  readonly roles: Source<StoredRole, RoleId>
  readonly tokens: Source<CatalogToken, TokenId>
  readonly gateways: Source<CatalogGateway, GatewayId>
  readonly servers: Source<CatalogServer, ServerId>
  readonly tools: ItemSource<CatalogTool, ToolId>
  readonly prompts: ItemSource<CatalogPrompt, PromptId>
  readonly resources: ItemSource<CatalogResource, ResourceId>
  /** All of them, in the order of their URIs: there are few. */
  roots(): Promise<readonly CatalogRoot[]>
}
