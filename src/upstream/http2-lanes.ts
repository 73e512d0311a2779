import { GatewayError } from '#/errors/gateway-error.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import type { CarriedOptions, Carrier, HttpLane, HttpLanes } from './carrier.ts'
import { type ConnectOptions, type NetEndpoint, openSocket } from './connect.ts'
import type { ResponseHandler } from './http1-connection.ts'
import type { HttpRequest } from './http1-write.ts'
import { Http2Connection, type Http2Stream } from './http2-connection.ts'
import type { Http2Target } from './http2-fields.ts'

/** Connections to one server at most. */
const CONNECTIONS = 8

/** The HTTP/2 connections to one server: as few as its own bounds allow. What finds no room waits for its turn. */
export class Http2Lanes implements Carrier, HttpLanes {
  readonly isLocal = false
  readonly #endpoint: NetEndpoint
  readonly #target: Http2Target
  readonly #options: ConnectOptions
  readonly #connections = new Set<Http2Connection>()
  readonly #opening = new Set<Disposable>()
  readonly #waiting = new Set<Http2Lane>()
  #closed = false

  constructor(endpoint: NetEndpoint, target: Http2Target, options: ConnectOptions) {
    this.#endpoint = endpoint
    this.#target = target
    this.#options = options
  }

  begin(owner: AttemptOwner, options: CarriedOptions): Attempt {
    return new Attempt(this, owner, options)
  }

  take(): Http2Lane {
    return new Http2Lane(this)
  }

  takeFresh(): Http2Lane {
    return new Http2Lane(this)
  }

  release(): void {}

  discard(lane: HttpLane): void {
    lane.cut()
  }

  sweep(): void {}

  /** Begins at once where there is room, or when there is. Returns whether a connection had to be waited for. */
  place(lane: Http2Lane): void {
    this.#waiting.add(lane)
    this.#serve()
  }

  leave(lane: Http2Lane): void {
    this.#waiting.delete(lane)
    this.#retire()
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#retire()
  }

  #serve(): void {
    for (const connection of this.#connections) {
      for (const lane of this.#waiting) {
        if (connection.room === 0) break
        this.#waiting.delete(lane)
        lane.run(connection)
      }
    }
    const coming = this.#opening.size
    const full = this.#connections.size + coming >= CONNECTIONS
    // One at a time: what it has room for is known when it is there.
    if (this.#waiting.size > 0 && coming === 0 && !full) this.#open()
    this.#retire()
  }

  /** After its end the connections go with the last exchange. */
  #retire(): void {
    if (!this.#closed || this.#waiting.size > 0) return
    for (const connection of this.#connections) connection.leave()
    for (const opening of this.#opening) opening[Symbol.dispose]()
    this.#opening.clear()
  }

  #open(): void {
    const { deadlines, connectMs } = this.#options
    const late = deadlines.add(connectMs, () => {
      const error = new GatewayError(
        'upstream_timeout',
        `the server did not speak HTTP/2 within ${String(connectMs)} ms`,
      )
      if (connection === undefined) opening[Symbol.dispose]()
      else connection.destroy(error)
      settle(error)
    })
    let connection: Http2Connection | undefined
    let settled = false
    const settle = (cause: Error | undefined): void => {
      if (settled) return
      settled = true
      late[Symbol.dispose]()
      this.#opening.delete(opening)
      if (cause !== undefined) this.#fail(cause)
      else this.#serve()
    }
    const opening: Disposable = { [Symbol.dispose]: () => socketOpening?.[Symbol.dispose]() }
    this.#opening.add(opening)
    let socketOpening: Disposable | undefined
    socketOpening = openSocket(this.#endpoint, this.#options, (error, socket) => {
      socketOpening = undefined
      if (socket === undefined) return settle(error ?? new GatewayError('upstream_unreachable', 'no socket'))
      if ('alpnProtocol' in socket && socket.alpnProtocol !== 'h2') {
        socket.destroy()
        return settle(notHttp2('it chose another protocol in the TLS handshake', undefined))
      }
      connection = new Http2Connection(socket, {
        target: this.#target,
        deadlines,
        ready: () => settle(undefined),
        changed: () => this.#serve(),
        closed: (cause) => {
          if (connection !== undefined) this.#connections.delete(connection)
          if (cause === undefined) this.#serve()
          else settle(notHttp2('the connection broke before anything was said', cause))
        },
      })
      this.#connections.add(connection)
    })
  }

  /** No connection can be had: nobody who waits for one is served. */
  #fail(cause: Error): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    queueMicrotask(() => {
      for (const lane of waiting) lane.failed(cause)
    })
  }
}

/** One exchange on whichever connection has room. */
class Http2Lane implements HttpLane {
  readonly #lanes: Http2Lanes
  #request: { readonly request: HttpRequest; readonly handler: ResponseHandler } | undefined
  #stream: Http2Stream | undefined
  sockets = 0

  constructor(lanes: Http2Lanes) {
    this.#lanes = lanes
  }

  send(request: HttpRequest, handler: ResponseHandler): void {
    this.#request = { request, handler }
    this.#lanes.place(this)
    // It had to wait, so no earlier exchange's connection could have been closed under it.
    if (this.#stream === undefined) this.sockets++
  }

  run(connection: Http2Connection): void {
    const asked = this.#request
    this.#request = undefined
    if (asked !== undefined) this.#stream = connection.begin(asked.request, asked.handler)
  }

  failed(cause: Error): void {
    const asked = this.#request
    this.#request = undefined
    asked?.handler.onResponseError(cause)
  }

  cut(): void {
    this.#request = undefined
    this.#stream?.cut()
    this.#lanes.leave(this)
  }
}

function notHttp2(how: string, cause: Error | undefined): GatewayError {
  return new GatewayError('upstream_invalid', `the server does not speak HTTP/2 (${how}); leave http_version out`, {
    cause,
    field: 'httpVersion',
  })
}
