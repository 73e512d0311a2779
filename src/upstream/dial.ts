import { Client, type Dispatcher } from 'undici'
import { GatewayError } from '#/errors/gateway-error.ts'
import { type ConnectOptions, type Endpoint, openSocket } from './connect.ts'

export type Handler = Dispatcher.DispatchHandler
export type Controller = Dispatcher.DispatchController

export interface HttpRequest {
  readonly path: string
  readonly method: 'POST' | 'GET' | 'DELETE'
  /** name, value, name, value … */
  readonly headers: string[]
  readonly body: Buffer | null
}

/** What a URL says of the way to a server. */
export interface Route extends Endpoint {
  readonly origin: string
  readonly path: string
}

/** Throws `invalid_field` for what cannot be dialled at all. */
export function routeTo(url: string, caCertificate: string | null): Route {
  const parsed = URL.parse(url)
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:'))
    throw new GatewayError('invalid_field', 'the URL must be absolute and begin with http:// or https://', {
      field: 'url',
    })
  if (parsed.username !== '' || parsed.password !== '')
    throw new GatewayError('invalid_field', 'the URL must not carry credentials; use the authentication fields', {
      field: 'url',
    })
  const tls = parsed.protocol === 'https:'
  return {
    origin: parsed.origin,
    path: parsed.pathname + parsed.search,
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? (tls ? 443 : 80) : Number(parsed.port),
    tls,
    caCertificate,
  }
}

const KEEP_ALIVE_MS = 4000
const KEEP_ALIVE_MAX_MS = 60_000
/** A lane without use for this long holds no open socket any more. */
const LANE_IDLE_MS = KEEP_ALIVE_MAX_MS + 5000

/** One connection to a server, opened when used, for one exchange at a time. */
export class Lane {
  readonly #client: Client
  #sockets = 0
  idleSince = 0

  constructor(route: Route, options: ConnectOptions) {
    this.#client = new Client(route.origin, {
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
      keepAliveTimeoutThreshold: 2000,
      connect: (_to, done) => {
        this.#sockets++
        openSocket(route, options, (error, socket) => {
          if (error === null && socket !== undefined) done(null, socket)
          else done(error ?? new GatewayError('upstream_unreachable', 'no socket'), null)
        })
      },
    })
  }

  /** How many sockets it has opened: unchanged over an exchange means that an earlier exchange's socket was used. */
  get sockets(): number {
    return this.#sockets
  }

  send(request: HttpRequest, handler: Handler): void {
    this.#client.dispatch(request, handler)
  }

  /** Ends whatever runs on it, at once, also while it still connects. */
  cut(reason: Error): void {
    void this.#client.destroy(reason)
  }
}

/**
 * The connections to one server: the one used last is used next, so the others go idle and are dropped. Without a limit: whoever
 * sends holds a place in a bulkhead. One lane per exchange, because undici's own pool looks through all its clients for a free
 * one and cannot withdraw a request that still waits for its connection.
 */
export class Lanes implements Disposable {
  readonly route: Route
  readonly #options: ConnectOptions
  readonly #free: Lane[] = []
  #busy = 0
  #closed = false

  constructor(route: Route, options: ConnectOptions) {
    this.route = route
    this.#options = options
  }

  get busy(): number {
    return this.#busy
  }

  get idle(): number {
    return this.#free.length
  }

  take(): Lane {
    this.#busy++
    return this.#free.pop() ?? new Lane(this.route, this.#options)
  }

  /** A lane that has no socket yet. */
  takeFresh(): Lane {
    this.#busy++
    return new Lane(this.route, this.#options)
  }

  /** The exchange is over and its socket may serve another. */
  release(lane: Lane): void {
    this.#busy--
    if (this.#closed) return lane.cut(new Error('closed'))
    lane.idleSince = performance.now()
    this.#free.push(lane)
  }

  /** The exchange is over and its socket is not fit for another. */
  discard(lane: Lane, reason: Error): void {
    this.#busy--
    lane.cut(reason)
  }

  /** Drops lanes whose sockets are long closed. */
  sweep(): void {
    const oldest = performance.now() - LANE_IDLE_MS
    let stale = 0
    while (stale < this.#free.length && (this.#free[stale]?.idleSince ?? 0) < oldest) stale++
    for (const lane of this.#free.splice(0, stale)) lane.cut(new Error('idle'))
  }

  /** Exchanges that run go on to their end; no idle socket stays. */
  [Symbol.dispose](): void {
    this.#closed = true
    for (const lane of this.#free.splice(0)) lane.cut(new Error('closed'))
  }
}
