import type { GatewayId, PromptId, ResourceId, ServerId, TokenId, ToolId, TeamId, UserId } from '#/access/ids.ts'
import type { Permission } from '#/access/permissions.ts'
import type { Owned } from '#/access/principal.ts'
import type { Role } from '#/access/roles.ts'
import type { KnownUser } from '#/access/standing.ts'
import type { TokenLimits } from '#/access/token-limits.ts'
import type { Era, Revision } from '#/mcp/revision.ts'
import type { HttpVersion, Transport } from '#/mcp/transport.ts'
import type { SealedLaunch } from '#/stdio/launch.ts'

/** What a call needs to know of an upstream. Sealed secrets stay sealed here. */
export interface CatalogGateway extends Owned {
  readonly id: GatewayId
  readonly name: string
  readonly slug: string
  /** null: it is started by a command. */
  readonly url: string | null
  readonly stdio: SealedLaunch | null
  /** As declared, or as found; null: nobody knows. */
  readonly transport: Transport | null
  readonly enabled: boolean
  readonly reachable: boolean
  /** null: a JSON object of header → value is not stored. */
  readonly credential: string | null
  readonly passthroughHeaders: readonly string[]
  readonly caCertificate: string | null
  readonly clientCert: string | null
  readonly clientKey: string | null
  readonly httpVersion: HttpVersion | null
  readonly timeoutMs: number | null
  readonly era: Era | null
  readonly revision: Revision | null
  readonly stateful: boolean
  /** Raw JSON as the server sent it. */
  readonly capabilities: string | null
  readonly serverInfo: string | null
  readonly instructions: string | null
  /** Changes whenever what is declared changes: part of every pool key, so that nothing outlives its settings. */
  readonly version: number
  readonly createdAt: number
}

/** What one argument of a tool is mirrored to when the server asks for it (`x-mcp-header`). */
export interface ParamHeader {
  readonly header: string
  readonly path: readonly string[]
  readonly type: 'string' | 'integer' | 'boolean'
}

/** An HTTP API that is offered as a tool. What is secret about it is sealed beside it. */
export interface HttpBacking {
  readonly url: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH'
  readonly timeoutMs: number
  /** Argument → name in the query, or of a header. */
  readonly queryMapping: Readonly<Record<string, string>> | null
  readonly headerMapping: Readonly<Record<string, string>> | null
  readonly jsonpathFilter: string
}

/** A tool that calls an HTTP API. */
export interface LocalTool {
  readonly backing: HttpBacking
  /** Sealed JSON of header → value. */
  readonly credential: string | null
}

interface Item extends Owned {
  readonly gatewayId: GatewayId
  readonly enabled: boolean
  /** The server's own JSON, byte for byte (UTF-8 text). */
  readonly definition: string
  /** SHA-256 of definition, hex. */
  readonly digest: string
  /** What we say in place of the server's title and description; null: the server's. */
  readonly customTitle: string | null
  readonly customDescription: string | null
  readonly position: number
}

export interface CatalogTool extends Item {
  readonly id: ToolId
  readonly name: string
  readonly originalName: string
  readonly paramHeaders: readonly ParamHeader[] | null
  /** Only where it is declared here. */
  readonly local?: LocalTool
  /** Only where it is declared here: what a gateway offers is as old as the gateway. */
  readonly createdAt?: number
}

export interface CatalogPrompt extends Item {
  readonly id: PromptId
  readonly name: string
  readonly originalName: string
  /** Its text, only where it is declared here. */
  readonly local?: string
  /** Only where it is declared here: what a gateway offers is as old as the gateway. */
  readonly createdAt?: number
}

export interface CatalogResource extends Item {
  readonly id: ResourceId
  readonly isTemplate: boolean
  /** The URI, or the URI template. */
  readonly uri: string
  readonly createdAt: number
  /** Its content, only where it is declared here. */
  readonly local?: string
}

export type AnyItem = CatalogTool | CatalogPrompt | CatalogResource

/** One item of a virtual server; name and description override the item's own. */
export interface ServerItem<ItemId extends string = string> {
  readonly id: ItemId
  readonly name: string | null
  readonly description: string | null
  /** Its place in this server's list; of equal ones the smaller id comes first. */
  readonly position: number
}

export interface CatalogServer extends Owned {
  readonly id: ServerId
  readonly name: string
  readonly description: string | null
  readonly enabled: boolean
  readonly tools: readonly ServerItem<ToolId>[]
  readonly prompts: readonly ServerItem<PromptId>[]
  readonly resources: readonly ServerItem<ResourceId>[]
  readonly version: number
}

/** What servers may be told to work within. */
export interface CatalogRoot {
  readonly uri: string
  readonly name: string
}

export type CatalogUser = KnownUser
export type CatalogRole = Role

/** A team that people share. Personal teams need no row here: their id is their user's. */
export interface CatalogTeam {
  readonly id: TeamId
  readonly name: string
}

/** A live token: revoked and inactive ones are not in the catalog. Times in ms since the epoch. */
export interface CatalogToken {
  readonly id: TokenId
  readonly userId: UserId
  readonly teamId: TeamId | null
  /** SHA-256 of the token, hex. */
  readonly hash: string
  readonly permissions: readonly Permission[] | null
  readonly serverId: ServerId | null
  readonly expiresAt: number | null
  readonly limits: TokenLimits | null
}
