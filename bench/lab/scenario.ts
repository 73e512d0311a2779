/** From and to, both included; what is drawn from it is spread evenly. */
export type Range = readonly [from: number, to: number]

export type ClientKind = 'legacy' | 'modern' | 'rpc'
/** Which door a request knocks at: everything, a virtual server, one upstream with its own names. */
export type Endpoint = 'aggregate' | 'server' | 'gateway'

/** One kind of request in the mix. Shares are parts of 100. */
export type MixItem = McpItem | PathItem
export interface McpItem {
  readonly request: 'call' | 'list' | 'read' | 'prompt'
  readonly share: number
  readonly at: Endpoint
}
export interface PathItem {
  readonly request: 'rest' | 'page'
  readonly share: number
  readonly path: string
}

/** How users come back. Closed: each thinks, asks, waits for its answer. Open: requests arrive whatever has been answered. */
export type Loop =
  | { readonly kind: 'closed'; readonly users: number; readonly thinkSeconds: Range }
  | { readonly kind: 'open'; readonly users: number; readonly perSecond: number }

/** What an upstream does to a share of the calls instead of answering. */
export type Failure = 'error' | 'tool-error' | 'reset' | 'hang' | 'half-body' | 'bad-json'

/** A load as data: a file in bench/lab/scenarios, or one of the user's own. */
export interface Scenario {
  readonly name: string
  readonly about: string
  readonly loop: Loop
  /** Users arrive evenly over it; nothing of it is measured. */
  readonly rampSeconds: number
  /** Measured, after the ramp. */
  readonly seconds: number
  readonly mix: readonly MixItem[]
  /** What the upstream's tools take; each user draws for each call. */
  readonly delays: readonly { readonly share: number; readonly seconds: Range }[]
  /** Shares of the users. */
  readonly clients: Readonly<Record<ClientKind, number>>
  /** Share of the users that keep a stream open as real clients do: GET in a legacy session, subscriptions/listen else. */
  readonly streams: number
  /** Servers of the simulator behind the gateway. */
  readonly upstreams: Readonly<Record<'legacy' | 'modern', number>>
  /** How a call is answered: shares of one JSON body, or a stream with progress before its result. */
  readonly streamed: number
  /** Size of a result's text, in bytes. */
  readonly answerBytes: number
  readonly failures: readonly { readonly share: number; readonly does: Failure }[]
  /** After so long a client gives up, which is a failure. */
  readonly patienceSeconds: number
  /** More users of the same kind that call through a bare relay, in the same run: what any relay costs on this machine now. */
  readonly controlUsers: number
  /** What the users draw follows from it. */
  readonly seed: number
}
