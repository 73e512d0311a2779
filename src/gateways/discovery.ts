import type { ParamHeader } from '#/catalog/model.ts'
import type { Era, Revision } from '#/mcp/revision.ts'
import type { HttpVersion, Transport } from '#/mcp/transport.ts'
import type { SealedLaunch } from '#/stdio/launch.ts'

/** The way to an upstream. */
export interface Reach {
  /** null: it is started by a command. */
  readonly url: string | null
  readonly stdio?: SealedLaunch | null
  /** null: found out. */
  readonly transport: Transport | null
  readonly caCertificate: string | null
  /** What we show a server that asks who we are; absent: nothing. */
  readonly clientIdentity?: ClientIdentity | null
  /** Absent: HTTP/1.1. */
  readonly httpVersion?: HttpVersion | null
}

/** A certificate, perhaps with its chain, and its private key, both PEM. In the clear: never logged, never stored. */
export interface ClientIdentity {
  readonly cert: string
  readonly key: string
}

/** Where and how to reach an upstream, before or after it is stored. Headers in the clear: never logged, never stored. */
export interface Target extends Reach {
  readonly headers: Readonly<Record<string, string>>
}

/** What was found out of a server earlier. */
export interface KnownServer {
  readonly era: Era
  readonly revision: Revision
  /** null: streamable HTTP, from before others were told apart. */
  readonly transport: Transport | null
}

/** One thing that a server offers. `definition` is its own JSON, byte for byte. */
export interface Offered {
  /** Name of a tool or prompt; URI of a resource; URI template of a template. */
  readonly key: string
  readonly definition: string
  readonly name: string
  readonly title: string | null
  readonly description: string | null
  readonly mimeType: string | null
  readonly paramHeaders: readonly ParamHeader[] | null
}

/** What a server is and offers. A list that the server does not support is empty; one that failed part-way is null. */
export interface Discovery {
  readonly era: Era
  readonly revision: Revision
  readonly transport: Transport
  readonly evidence: string
  readonly stateful: boolean
  readonly capabilities: string
  readonly serverInfo: string | null
  readonly instructions: string | null
  readonly tools: readonly Offered[] | null
  readonly prompts: readonly Offered[] | null
  readonly resources: readonly Offered[] | null
  readonly templates: readonly Offered[] | null
  /** What was left out and why, one sentence each: an invalid tool, a list that broke off. */
  readonly problems: readonly string[]
}

/**
 * What gateways need from the network. Rejects with `upstream_unreachable` or `upstream_timeout` (worth retrying: kept as
 * pending), `upstream_invalid` (answers, but not MCP) or `forbidden_address` (both refused, nothing stored).
 */
export interface Discoverer {
  discover(target: Target, options: DiscoverOptions): Promise<Discovery>
  /** One cheap exchange that shows the server is there, outside any client's session and with a slot of its own. */
  probe(target: Target, known: KnownServer | null, signal: AbortSignal): Promise<{ readonly ms: number }>
}

export interface DiscoverOptions {
  readonly signal: AbortSignal
  /** What was found earlier: a modern verdict is trusted first, a legacy one is checked again. */
  readonly known?: KnownServer
  readonly progress?: (step: string) => void
}

/** Keeps a stream open to each gateway whose changes this process follows; calls back on list_changed. */
export interface Follower {
  /** Makes the followed set exactly `gateways`. */
  follow(gateways: readonly FollowedGateway[]): void
}

export interface FollowedGateway {
  readonly id: string
  readonly version: number
  readonly target: Target
  readonly era: Era
  readonly revision: Revision
  readonly capabilities: string
  readonly changed: (what: 'tools' | 'prompts' | 'resources') => void
}
