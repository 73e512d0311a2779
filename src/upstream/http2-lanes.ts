import { GatewayError } from '#/errors/gateway-error.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import type { CarriedOptions, Carrier, HttpLane, HttpLanes } from './carrier.ts'
import type { ResponseHandler } from './http1-connection.ts'
import { Refused } from './http1-fault.ts'
import type { HttpRequest } from './http1-write.ts'
import type { Http2Connection, Http2Stream } from './http2-connection.ts'
import { type Http2Way, openHttp2 } from './http2-open.ts'

/** Connections to one server at most. */
const CONNECTIONS = 8

/**
 * The HTTP/2 connections to one server: as few as the server's own bounds allow. What finds no room waits for its turn; whoever
 * sends holds a place in a bulkhead, so that is bounded.
 */
export class Http2Lanes implements Carrier, HttpLanes {
  readonly isLocal = false
  readonly #way: Http2Way
  readonly #connections = new Set<Http2Connection>()
  readonly #waiting = new Set<Http2Lane>()
  #opening: Disposable | undefined
  #closed = false

  constructor(way: Http2Way) {
    this.#way = way
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

  /** It runs at once where there is room, or when there is. */
  place(lane: Http2Lane): void {
    this.#waiting.add(lane)
    this.#serve()
  }

  leave(lane: Http2Lane): void {
    this.#waiting.delete(lane)
    this.#retire()
  }

  /** The connections go with their last exchange. */
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
    // One at a time: how much it takes is known when it is there.
    const more = this.#waiting.size > 0 && this.#opening === undefined && this.#connections.size < CONNECTIONS
    if (more) this.#open()
    this.#retire()
  }

  #retire(): void {
    if (!this.#closed || this.#waiting.size > 0) return
    this.#opening?.[Symbol.dispose]()
    this.#opening = undefined
    for (const connection of this.#connections) connection.leave()
  }

  #open(): void {
    let over = false
    const changes = {
      changed: () => this.#serve(),
      closed: (connection: Http2Connection) => {
        this.#connections.delete(connection)
        this.#serve()
      },
    }
    const opening = openHttp2(this.#way, changes, (error, connection) => {
      over = true
      this.#opening = undefined
      if (connection === undefined) return this.#fail(error ?? new Error('no connection'))
      this.#connections.add(connection)
      this.#serve()
    })
    // What cannot be dialled at all is known at once.
    if (!over) this.#opening = opening
  }

  /** No connection can be had: nobody who waits for one is served. They hear of it after their `send` has returned. */
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
  #asked: { readonly request: HttpRequest; readonly handler: ResponseHandler } | undefined
  #stream: Http2Stream | undefined
  sockets = 0

  constructor(lanes: Http2Lanes) {
    this.#lanes = lanes
  }

  send(request: HttpRequest, handler: ResponseHandler): void {
    this.#asked = { request, handler }
    this.#lanes.place(this)
    // It had to wait, so its connection is not one that an earlier exchange has left.
    if (this.#stream === undefined) this.sockets++
  }

  run(connection: Http2Connection): void {
    const asked = this.#asked
    this.#asked = undefined
    if (asked === undefined) return
    try {
      this.#stream = connection.begin(asked.request, asked.handler)
    } catch (cause) {
      const error = unsendable(cause)
      queueMicrotask(() => asked.handler.onResponseError(error))
    }
  }

  failed(cause: Error): void {
    const asked = this.#asked
    this.#asked = undefined
    asked?.handler.onResponseError(cause)
  }

  cut(): void {
    this.#asked = undefined
    this.#stream?.cut()
    this.#lanes.leave(this)
  }
}

/** Why a request could not begin: a header that HTTP/2 has no place for, or a connection that has just ended. */
function unsendable(cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? cause.code : ''
  if (code !== 'ERR_HTTP2_INVALID_CONNECTION_HEADERS') return new Refused('the connection takes no request', { cause })
  return new GatewayError('invalid_field', 'one of the headers belongs to HTTP/1.1 and cannot be sent over HTTP/2')
}
