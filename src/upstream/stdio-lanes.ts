import { Attempt, type AttemptOwner } from './attempt.ts'
import type { CarriedOptions, Carrier, HttpLane, HttpLanes } from './carrier.ts'
import type { ConnectOptions } from './connect.ts'
import { type LocalEndpoint, openLocal } from './connect-local.ts'
import type { ResponseHandler } from './http1-connection.ts'
import type { HttpRequest } from './http1-write.ts'
import { StdioConnection, type StdioExchange } from './stdio-connection.ts'

/** The way to a server that the host starts. */
export interface StdioRoute extends LocalEndpoint {
  /** Path and query of what is not a message. */
  readonly target: string
}

/** The way to one stdio server: a connection to its host, opened when used, that all exchanges share. */
export class StdioLanes implements Carrier, HttpLanes {
  /** What runs there is started by us: its host tells in its own words what went wrong. */
  readonly isLocal = true
  readonly #route: StdioRoute
  readonly #options: ConnectOptions
  readonly #waiting = new Set<StdioLane>()
  #connection: StdioConnection | undefined
  #opening: Disposable | undefined
  #closed = false

  constructor(route: StdioRoute, options: ConnectOptions) {
    this.#route = route
    this.#options = options
  }

  begin(owner: AttemptOwner, options: CarriedOptions): Attempt {
    return new Attempt(this, owner, options)
  }

  take(): StdioLane {
    return new StdioLane(this)
  }

  takeFresh(): StdioLane {
    return new StdioLane(this)
  }

  release(): void {}

  discard(lane: HttpLane): void {
    lane.cut()
  }

  sweep(): void {}

  /** It runs at once, or when the connection is there. */
  place(lane: StdioLane): void {
    if (this.#connection !== undefined) return lane.run(this.#connection)
    this.#waiting.add(lane)
    if (this.#opening === undefined) this.#open()
  }

  leave(lane: StdioLane): void {
    if (this.#waiting.delete(lane)) this.#retire()
  }

  /** The connection goes with its last exchange. */
  [Symbol.dispose](): void {
    this.#closed = true
    this.#retire()
  }

  #retire(): void {
    if (!this.#closed || this.#waiting.size > 0) return
    this.#opening?.[Symbol.dispose]()
    this.#opening = undefined
    this.#connection?.leave()
  }

  #open(): void {
    this.#opening = openLocal(this.#route, this.#options, (error, socket) => {
      this.#opening = undefined
      const waiting = [...this.#waiting]
      this.#waiting.clear()
      if (socket === undefined) {
        for (const lane of waiting) lane.failed(error ?? new Error('no socket'))
        return
      }
      const { deadlines } = this.#options
      const closed = (): void => {
        if (this.#connection === connection) this.#connection = undefined
      }
      const connection = new StdioConnection(socket, { target: this.#route.target, deadlines, closed })
      this.#connection = connection
      for (const lane of waiting) lane.run(connection)
      this.#retire()
    })
  }
}

/** One exchange on the connection that all share. */
class StdioLane implements HttpLane {
  readonly #lanes: StdioLanes
  #asked: { readonly request: HttpRequest; readonly handler: ResponseHandler } | undefined
  #exchange: StdioExchange | undefined
  sockets = 0

  constructor(lanes: StdioLanes) {
    this.#lanes = lanes
  }

  send(request: HttpRequest, handler: ResponseHandler): void {
    this.#asked = { request, handler }
    this.#lanes.place(this)
    // It has to wait, so its connection is not one that an earlier exchange has left.
    if (this.#asked !== undefined) this.sockets++
  }

  run(connection: StdioConnection): void {
    const asked = this.#asked
    this.#asked = undefined
    if (asked !== undefined) this.#exchange = connection.begin(asked.request, asked.handler)
  }

  failed(cause: Error): void {
    const asked = this.#asked
    this.#asked = undefined
    asked?.handler.onResponseError(cause)
  }

  cut(): void {
    this.#asked = undefined
    this.#exchange?.cut()
    this.#lanes.leave(this)
  }
}
