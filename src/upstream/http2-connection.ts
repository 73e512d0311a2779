import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import type { Socket } from 'node:net'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Deadlines } from '#/lib/deadlines.ts'
import type { Flow, ResponseHandler } from './http1-connection.ts'
import { Http1Fault, Refused } from './http1-fault.ts'
import type { HttpRequest } from './http1-write.ts'
import { type Http2Target, requestFields, responseFields } from './http2-fields.ts'

export interface Http2Options {
  readonly target: Http2Target
  readonly deadlines: Deadlines
  /** The server has said how much it takes at a time: requests may begin. */
  readonly ready: () => void
  /** A place has become free, or the connection takes no more. */
  readonly changed: () => void
  /** Nothing runs on it any more. `cause`: it broke before it was ready. */
  readonly closed: (cause: Error | undefined) => void
}

/** What one paused stream may make the server send ahead; and all streams of a connection together per round trip. */
const STREAM_WINDOW = 256 << 10
const CONNECTION_WINDOW = 1 << 20
const SESSION_MB = 256
const MAX_STREAMS = 1000
/** A connection with nothing to do is closed after this time. */
const IDLE_MS = 60_000
/** A server that is silent for this long while something runs is asked whether it is there; and how long that may take. */
const QUIET_MS = 20_000
const PONG_MS = 10_000
const SETTINGS = { enablePush: false, initialWindowSize: STREAM_WINDOW, maxHeaderListSize: 64 << 10 }

/** One HTTP/2 connection, which many exchanges share. */
export class Http2Connection {
  readonly #session: ClientHttp2Session
  readonly #options: Http2Options
  readonly #streams = new Set<Http2Stream>()
  #state: 'opening' | 'open' | 'leaving' | 'closed' = 'opening'
  #cause: Error | undefined
  /** Streams with larger ids have not been begun by the server (RFC 9113, 6.8). */
  #lastBegun = Infinity
  #heardAt = performance.now()
  #watch: Disposable | undefined

  constructor(socket: Socket, options: Http2Options) {
    this.#options = options
    const { scheme, authority } = options.target
    this.#session = connect(`${scheme}://${authority}`, {
      createConnection: () => socket,
      settings: SETTINGS,
      maxSessionMemory: SESSION_MB,
    })
    const session = this.#session
    session.once('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW))
    session.on('remoteSettings', () => this.#opened())
    session.on('goaway', (_code: number, lastBegun: number) => {
      this.#lastBegun = lastBegun
      this.leave()
    })
    session.on('error', (cause: Error) => {
      this.#cause ??= cause
    })
    session.on('close', () => this.#closed())
    // A late alert of TLS ends the socket, of which the session does not always hear.
    socket.on('error', (cause) => {
      this.destroy(cause)
      this.#closed()
    })
    this.#look(QUIET_MS)
  }

  /** How many more exchanges may begin here. */
  get room(): number {
    if (this.#state !== 'open' || this.#session.closed || this.#session.destroyed) return 0
    const most = Math.min(this.#session.remoteSettings.maxConcurrentStreams ?? MAX_STREAMS, MAX_STREAMS)
    return Math.max(most - this.#streams.size, 0)
  }

  begin(request: HttpRequest, handler: ResponseHandler): Http2Stream {
    const headers = requestFields(this.#options.target, request)
    const stream = this.#session.request(headers, { endStream: request.body === null })
    const exchange = new Http2Stream(stream, handler, {
      heard: () => {
        this.#heardAt = performance.now()
      },
      over: () => this.#left(exchange),
      begun: (id) => id <= this.#lastBegun,
    })
    this.#streams.add(exchange)
    exchange.start(request.body)
    return exchange
  }

  /** Nothing new begins here; it closes with the last exchange. */
  leave(): void {
    if (this.#state === 'closed' || this.#state === 'leaving') return
    this.#state = 'leaving'
    if (!this.#session.destroyed) this.#session.close()
    this.#options.changed()
  }

  destroy(cause?: Error): void {
    if (cause !== undefined) this.#cause ??= cause
    this.#session.destroy(cause)
  }

  #opened(): void {
    this.#heardAt = performance.now()
    if (this.#state !== 'opening') return this.#options.changed()
    this.#state = 'open'
    this.#options.ready()
  }

  #left(exchange: Http2Stream): void {
    this.#heardAt = performance.now()
    this.#streams.delete(exchange)
    this.#options.changed()
  }

  #closed(): void {
    if (this.#state === 'closed') return
    const early = this.#state === 'opening'
    this.#state = 'closed'
    this.#watch?.[Symbol.dispose]()
    for (const each of this.#streams) each.lost(this.#cause)
    const gone = new Http1Fault('closed', 'the connection is closed')
    this.#options.closed(early ? (this.#cause ?? gone) : undefined)
  }

  /** One entry in the wheel serves idleness and silence. */
  #look(ms: number): void {
    this.#watch = this.#options.deadlines.add(ms, () => {
      const quiet = performance.now() - this.#heardAt
      const busy = this.#streams.size > 0
      if (!busy && quiet >= IDLE_MS) return this.leave()
      if (busy && quiet >= QUIET_MS) this.#ping()
      else this.#look(Math.max((busy ? QUIET_MS : IDLE_MS) - quiet, 100))
    })
  }

  #ping(): void {
    const silent = (): void =>
      this.destroy(new GatewayError('upstream_unreachable', 'the server is silent and does not answer a ping'))
    this.#watch = this.#options.deadlines.add(PONG_MS, silent)
    const pong = (cause: Error | null): void => {
      this.#watch?.[Symbol.dispose]()
      if (this.#state === 'closed') return
      if (cause === null) this.#heardAt = performance.now()
      this.#look(QUIET_MS)
    }
    // False: it is closing, which ends what runs by itself.
    if (!this.#session.ping(pong)) this.#look(QUIET_MS)
  }
}

interface StreamHome {
  heard(): void
  over(): void
  /** Whether the server may have looked at the stream. */
  begun(id: number): boolean
}

/** One exchange as a stream of a connection. */
class Http2Stream implements Flow {
  readonly #stream: ClientHttp2Stream
  readonly #handler: ResponseHandler
  readonly #home: StreamHome
  #over = false

  constructor(stream: ClientHttp2Stream, handler: ResponseHandler, home: StreamHome) {
    this.#stream = stream
    this.#handler = handler
    this.#home = home
  }

  start(body: Buffer | null): void {
    const stream = this.#stream
    stream.on('response', (headers) => this.#response(headers))
    stream.on('data', (chunk: Buffer) => {
      this.#home.heard()
      if (!this.#over) this.#handler.onResponseData(chunk)
    })
    stream.on('end', () => {
      // Of a stream that was reset, an end says nothing.
      if (stream.rstCode === constants.NGHTTP2_NO_ERROR && this.#end()) this.#handler.onResponseEnd()
    })
    stream.on('error', (cause: Error) => this.lost(cause))
    stream.on('close', () => this.lost(undefined))
    this.#handler.onRequestStart(this)
    if (body !== null) stream.end(body)
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  /** Tells the server that nothing more is wanted; its handler hears nothing more. */
  cut(): void {
    if (this.#end()) this.#stream.close(constants.NGHTTP2_CANCEL)
  }

  lost(cause: Error | undefined): void {
    if (!this.#end()) return
    const { id, rstCode } = this.#stream
    const refused = rstCode === constants.NGHTTP2_REFUSED_STREAM || (id !== undefined && !this.#home.begun(id))
    if (!this.#stream.destroyed) this.#stream.destroy()
    this.#handler.onResponseError(
      refused ? new Refused('the server has not begun this stream', { cause }) : (cause ?? CLOSED),
    )
  }

  #response(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    this.#home.heard()
    if (!this.#over) this.#handler.onResponseStart(Number(headers[':status']), responseFields(headers))
  }

  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#home.over()
    return true
  }
}

export type { Http2Stream }

const CLOSED = new Http1Fault('closed', 'the server closed the stream')
