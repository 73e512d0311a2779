import type { GatewayId } from '#/access/ids.ts'
import type { Deadlines } from '#/lib/deadlines.ts'
import type { Ourselves } from '#/mcp/upstream-requests.ts'
import type { AddressPolicy } from './addresses.ts'
import type { Names } from './resolve.ts'
import type { StdioDoor } from './stdio-route.ts'
import type { Vault } from './vault.ts'

/** All in ms. */
export interface UpstreamLimits {
  /** Name, TCP and TLS together. */
  readonly connectMs: number
  /** A call from its place in the queue to its last byte; a gateway may say otherwise. */
  readonly totalMs: number
  /** From the request to the first byte of its answer. */
  readonly firstByteMs: number
  /** Between two pieces of a JSON answer. An event stream may be silent until the total deadline. */
  readonly idleMs: number
  /** How long a client may read nothing while an answer waits for it. */
  readonly stalledMs: number
  /** A session without use is ended after this time. */
  readonly sessionIdleMs: number
  /** Everything off the path of a call: initialize, lists, probes. One exchange. */
  readonly exchangeMs: number
  /** Calls in flight and calls waiting, per gateway; how long one may wait. */
  readonly inFlight: number
  readonly waiting: number
  readonly maxWaitMs: number
  /** Sessions held at one gateway; the least recently used goes first. */
  readonly sessions: number
}

export const DEFAULT_LIMITS: UpstreamLimits = {
  connectMs: 5000,
  totalMs: 60_000,
  firstByteMs: Infinity,
  idleMs: 30_000,
  stalledMs: 60_000,
  sessionIdleMs: 300_000,
  exchangeMs: 10_000,
  inFlight: 1024,
  waiting: 1024,
  maxWaitMs: 1000,
  sessions: 1000,
}

/** What the parts of this folder share. */
export interface UpstreamContext {
  readonly limits: UpstreamLimits
  readonly policy: AddressPolicy
  readonly connectMs: number
  readonly deadlines: Deadlines
  readonly names: Names
  readonly vault: Vault
  /** null: no server is started by a command. */
  readonly stdio: StdioDoor | null
  /** The circuit of a gateway has opened, or closed again. */
  readonly turned: (gateway: GatewayId) => void
  /** Who we say we are, and what we declare. */
  readonly us: Ourselves
  /** What is still being said to servers that nobody waits for: ends of sessions. */
  readonly farewells: Set<Promise<void>>
}
