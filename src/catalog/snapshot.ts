import type { GatewayId, RoleId, ServerId, TeamId, TokenId, UserId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import type { Era } from '#/mcp/revision.ts'
import type {
  CatalogGateway,
  CatalogPrompt,
  CatalogResource,
  CatalogRole,
  CatalogServer,
  CatalogTeam,
  CatalogToken,
  CatalogTool,
  CatalogUser,
} from './model.ts'

/** Which selection an MCP endpoint offers: everything visible, one virtual server, or one upstream with its own names. */
export type Scope =
  | { readonly kind: 'all' }
  | { readonly kind: 'server'; readonly id: ServerId }
  | { readonly kind: 'gateway'; readonly id: GatewayId }

export type ListKind = 'tools' | 'prompts' | 'resources' | 'resourceTemplates'

/** An item that a name led to, with the gateway that serves it. */
export interface Found<Item> {
  readonly item: Item
  readonly gateway: CatalogGateway
  /** The virtual server it was reached through, if any. */
  readonly server: CatalogServer | undefined
}

/** Everything that exists at one tick of the change clock. Immutable: replaced as a whole, in parts that are shared. */
export interface Snapshot {
  readonly seq: number
  gateway(id: string): CatalogGateway | undefined
  /** Upstreams only. */
  gateways(): Iterable<CatalogGateway>
  server(id: string): CatalogServer | undefined
  servers(): Iterable<CatalogServer>
  user(id: string): CatalogUser | undefined
  users(): Iterable<CatalogUser>
  /** Not the personal ones. */
  team(id: TeamId): CatalogTeam | undefined
  teams(): Iterable<CatalogTeam>
  role(id: RoleId): CatalogRole | undefined
  /** Built-in ones and those that were made here. */
  roles(): Iterable<CatalogRole>
  /** Changes with any team and any role. */
  readonly ordersStamp: number
  /** By address in lower case. */
  userByEmail(email: string): UserId | undefined
  /** By SHA-256 of the token, hex. */
  token(hash: string): CatalogToken | undefined
  tokenById(id: TokenId): CatalogToken | undefined
  tokens(): Iterable<CatalogToken>
  tool(id: string): CatalogTool | undefined
  tools(): Iterable<CatalogTool>
  prompt(id: string): CatalogPrompt | undefined
  prompts(): Iterable<CatalogPrompt>
  resource(id: string): CatalogResource | undefined
  resources(): Iterable<CatalogResource>
  /** By the name that clients of `scope` use. Disabled and invisible things are not found; unreachable ones are. */
  findTool(scope: Scope, name: string, who: Principal): Found<CatalogTool> | undefined
  findPrompt(scope: Scope, name: string, who: Principal): Found<CatalogPrompt> | undefined
  /** Exact, then template, then the gateway that offered it first. */
  findResource(scope: Scope, uri: string, who: Principal): Found<CatalogResource> | undefined
}

/** One page of a list, ready to write. */
export interface ListPage {
  /** The JSON array of items, brackets included. */
  readonly items: Buffer
  readonly count: number
  /** Where this page ended, to be sealed into a cursor; null: the last page. */
  readonly next: string | null
}

export interface Catalog {
  /** The newest snapshot of this worker. */
  readonly current: Snapshot
  /** Milliseconds since the database last confirmed that the snapshot is current. */
  readonly ageMs: number
  /**
   * A page of a list from ready bytes, of at most 10,000 items and 8 MiB. Built in slices that never stall the loop; single-flight.
   * A list that does not exist or is not visible is empty. Rejects with `invalid_field` when `from` is no position.
   */
  list(request: ListRequest): Promise<ListPage>
  /** Resolves once this worker has applied change `seq` (the answer to a write waits for its own change); rejects after `ms`. */
  applied(seq: number, ms: number): Promise<void>
}

/**
 * `from` is null, or the `next` of the page before. It names the last item shown, so a walk goes on behind that item in whatever the
 * list is now: what stays in its order is shown exactly once, whatever comes and goes around it.
 */
export interface ListRequest {
  readonly kind: ListKind
  readonly scope: Scope
  readonly who: Principal
  readonly era: Era
  readonly from: string | null
}
