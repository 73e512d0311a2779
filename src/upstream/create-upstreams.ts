import type { GatewayId } from '#/access/ids.ts'
import type { Discoverer, Follower } from '#/gateways/discovery.ts'
import type { GatewayLogs } from '#/gateways/gateway-logs.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { createDeadlines, type Deadlines } from '#/lib/deadlines.ts'
import { assertNoTransaction } from '#/lib/held-connection.ts'
import type { ProviderLine } from '#/users/sso-line.ts'
import type { AddressPolicy } from './addresses.ts'
import { askJson, getJson } from './ask-json.ts'
import { createAddressCheck, type AddressCheck } from './check-address.ts'
import { createDiscoverer } from './discover.ts'
import { Exchange } from './exchange.ts'
import { createFollower } from './follow.ts'
import { createHttpTools, type HttpTools, type ToolVault } from './http-tools.ts'
import { DEFAULT_LIMITS, type UpstreamContext, type UpstreamLimits } from './options.ts'
import type { Peer } from './peer.ts'
import { Peers } from './peers.ts'
import { type Names, systemNames } from './resolve.ts'
import type { UpstreamRequest, Upstreams, UpstreamSink } from './upstreams.ts'
import { stdioLogs } from './stdio-logs.ts'
import type { StdioDoor } from './stdio-route.ts'
import type { Vault } from './vault.ts'

export interface UpstreamsOptions {
  readonly vault: Vault
  /** Absent: no server is started by a command. */
  readonly stdio?: StdioDoor | null
  /** Hears of a gateway whose circuit has opened or closed again: what is known of it may be wrong. */
  readonly turned?: (gateway: GatewayId) => void
  /** Absent: tools that call an HTTP API have no headers of their own. */
  readonly toolVault?: ToolVault
  readonly policy: AddressPolicy
  readonly limits?: Partial<UpstreamLimits>
  readonly clientInfo: { readonly name: string; readonly version: string }
  /** One wheel serves the process where given. */
  readonly deadlines?: Deadlines
  readonly names?: Names
}

/** Everything that talks to other people's servers. */
export interface UpstreamParts extends AsyncDisposable {
  readonly upstreams: Upstreams
  readonly httpTools: HttpTools
  readonly addresses: AddressCheck
  readonly discoverer: Discoverer
  readonly follower: Follower
  readonly logs: GatewayLogs
  /** One document from the operator's identity provider, within the rules of addresses. */
  readonly getJson: (url: string) => Promise<unknown>
  readonly askJson: ProviderLine['askJson']
}

/** Requests from server to client are not relayed yet, so none is invited. */
const NO_CAPABILITIES = Buffer.from('{}')

/** Builds the parts over one set of names, deadlines and rules. Disposing ends sessions, streams and idle connections. */
export function createUpstreams(options: UpstreamsOptions): UpstreamParts {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const context: UpstreamContext = {
    limits,
    policy: options.policy,
    connectMs: limits.connectMs,
    deadlines: options.deadlines ?? createDeadlines(),
    names: options.names ?? systemNames({ timeoutMs: limits.connectMs }),
    vault: options.vault,
    stdio: options.stdio ?? null,
    turned: options.turned ?? (() => {}),
    us: { clientInfo: Buffer.from(JSON.stringify(options.clientInfo)), capabilities: NO_CAPABILITIES },
    farewells: new Set(),
  }
  const peers = new Peers(context)
  const discoverer = createDiscoverer(context)
  const follower = createFollower(context)
  return {
    upstreams: {
      send(request, sink) {
        assertNoTransaction('a call to a server')
        const peer = peerFor(peers, request, sink)
        if (peer !== undefined) new Exchange(peer, request, sink).start()
      },
    },
    addresses: createAddressCheck(context),
    httpTools: createHttpTools(context, options.toolVault ?? (() => ({}))),
    discoverer,
    follower,
    logs: stdioLogs(context),
    getJson: (url) => getJson(context, url),
    askJson: (question) => askJson(context, question),
    async [Symbol.asyncDispose]() {
      await follower[Symbol.asyncDispose]()
      peers[Symbol.dispose]()
      discoverer[Symbol.dispose]()
      // Each of them ends with its own deadline.
      await Promise.all(context.farewells)
    },
  }
}

/** The peer of the request's gateway; where its settings cannot be used, the sink hears of it. */
function peerFor(peers: Peers, request: UpstreamRequest, sink: UpstreamSink): Peer | undefined {
  try {
    return peers.for(request.gateway)
  } catch (cause) {
    const nothing = { attempts: 0, queueMs: 0, upstreamMs: 0, requestBytes: 0, mayHaveRun: false, revision: null }
    sink.failed(GatewayError.from(cause), nothing)
    return undefined
  }
}
