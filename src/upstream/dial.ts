import { GatewayError } from '#/errors/gateway-error.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import type { Carrier, CarriedOptions, HttpLane, HttpLanes } from './carrier.ts'
import { type ConnectOptions, type NetEndpoint, openSocket } from './connect.ts'
import { type Dialled, placeOf } from './endpoint.ts'
import { Http1Connection, type ResponseHandler } from './http1-connection.ts'
import { type HttpRequest, type RequestStarts, requestStarts } from './http1-write.ts'

/** What a URL says of the way to a server. */
export type Route = NetEndpoint & {
  readonly starts: RequestStarts
}

/** Throws `invalid_field` for what cannot be dialled at all. */
export function routeTo(dialled: Dialled): Route {
  const { endpoint, url } = placeOf(dialled)
  return { ...endpoint, starts: requestStarts(url.pathname + url.search, url.host) }
}

/** A lane without use for this long holds no open socket any more: longer than any connection lies idle. */
const LANE_IDLE_MS = 65_000

/** One connection to a server, opened when used, for one exchange at a time. */
export class Lane implements HttpLane {
  readonly #route: Route
  readonly #options: ConnectOptions
  #connection: Http1Connection | undefined
  #opening: Disposable | undefined
  #sockets = 0
  #cut = false
  idleSince = 0

  constructor(route: Route, options: ConnectOptions) {
    this.#route = route
    this.#options = options
  }

  /** How many sockets it has opened: unchanged over an exchange means that an earlier exchange's socket was used. */
  get sockets(): number {
    return this.#sockets
  }

  send(request: HttpRequest, handler: ResponseHandler): void {
    if (this.#connection?.ready === true) this.#connection.send(request, handler)
    else this.#open(request, handler)
  }

  /** Ends whatever runs on it, at once, also while it still connects. Its handler hears nothing more. */
  cut(): void {
    this.#cut = true
    this.#opening?.[Symbol.dispose]()
    this.#connection?.close()
  }

  #open(request: HttpRequest, handler: ResponseHandler): void {
    this.#connection?.close()
    this.#connection = undefined
    this.#sockets++
    const { deadlines } = this.#options
    this.#opening = openSocket(this.#route, this.#options, (error, socket) => {
      this.#opening = undefined
      if (socket === undefined) return this.#unopened(error, handler)
      this.#connection = new Http1Connection(socket, this.#route.starts, deadlines)
      this.#connection.send(request, handler)
    })
  }

  /** A refusal may be known at once; whoever sends hears of it only after `send` has returned. */
  #unopened(error: Error | null, handler: ResponseHandler): void {
    queueMicrotask(() => {
      if (!this.#cut) handler.onResponseError(error ?? new GatewayError('upstream_unreachable', 'no socket'))
    })
  }
}

/**
 * The connections to one server: the one used last is used next, so the others go idle and are dropped. Without a limit: whoever
 * sends holds a place in a bulkhead.
 */
export class Lanes implements Carrier, HttpLanes {
  readonly isLocal = false
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

  begin(owner: AttemptOwner, options: CarriedOptions): Attempt {
    return new Attempt(this, owner, options)
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
    if (this.#closed) return lane.cut()
    lane.idleSince = performance.now()
    this.#free.push(lane)
  }

  /** The exchange is over and its socket is not fit for another. */
  discard(lane: Lane): void {
    this.#busy--
    lane.cut()
  }

  /** Drops lanes whose sockets are long closed. */
  sweep(): void {
    const oldest = performance.now() - LANE_IDLE_MS
    let stale = 0
    while (stale < this.#free.length && (this.#free[stale]?.idleSince ?? 0) < oldest) stale++
    for (const lane of this.#free.splice(0, stale)) lane.cut()
  }

  /** Exchanges that run go on to their end; no idle socket stays. */
  [Symbol.dispose](): void {
    this.#closed = true
    for (const lane of this.#free.splice(0)) lane.cut()
  }
}
