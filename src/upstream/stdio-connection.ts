import type { Socket } from 'node:net'
import type { Deadlines } from '#/lib/deadlines.ts'
import { FrameReader, FrameWriter, WireFault } from '#/lib/frames.ts'
import { Pending } from '#/lib/pending.ts'
import { KIND, type Kind, WINDOW } from '#/stdio/kinds.ts'
import { CALLER_HEADER, FAULT_HEADER } from '#/stdio/launch.ts'
import type { Flow, ResponseHandler } from './http1-connection.ts'
import { Http1Fault } from './http1-fault.ts'
import type { ResponseHeaders } from './http1-head.ts'
import type { HttpRequest } from './http1-write.ts'

export interface StdioConnectionOptions {
  /** Path and query of what is not a message. */
  readonly target: string
  readonly deadlines: Deadlines
  readonly closed: () => void
}

/** A connection with nothing to do is closed after this time. */
const IDLE_MS = 60_000

/** A connection to the host of stdio servers, which all exchanges with one server share. */
export class StdioConnection implements ExchangeHome {
  readonly #socket: Socket
  readonly #options: StdioConnectionOptions
  readonly #frames: FrameWriter
  readonly #exchanges = new Pending<StdioExchange>()
  #last = 0
  #idleSince = performance.now()
  #watch: Disposable | undefined
  #leaving = false

  constructor(socket: Socket, options: StdioConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.#frames = new FrameWriter(socket)
    const reader = new FrameReader((kind, exchange, payload) => this.#exchanges.get(exchange)?.take(kind, payload))
    socket.on('data', (chunk: Buffer) => this.#read(reader, chunk))
    socket.on('end', () => socket.destroy())
    socket.on('error', (cause) => this.#lost(cause))
    socket.on('close', () => this.#lost(new Http1Fault('closed', 'the connection is closed')))
    this.#look(IDLE_MS)
  }

  begin(request: HttpRequest, handler: ResponseHandler): StdioExchange {
    const number = (this.#last = (this.#last + 1) >>> 0)
    const exchange = new StdioExchange(number, handler, this)
    this.#exchanges.add(number, exchange)
    handler.onRequestStart(exchange)
    this.#send(number, request)
    return exchange
  }

  /** It closes with its last exchange. */
  leave(): void {
    this.#leaving = true
    if (this.#exchanges.size === 0) this.#socket.destroy()
  }

  #send(number: number, { method, fields, body }: HttpRequest): void {
    if (method === 'GET') return this.#frames.send(KIND.get, number, Buffer.from(this.#options.target))
    if (method === 'DELETE' || body === null) return this.#frames.send(KIND.delete, number)
    const caller = callerIn(fields)
    const pieces = this.#frames.begin(KIND.post, number, caller.length + 1 + body.length)
    pieces.ascii(`${caller}\n`)
    pieces.add(body)
  }

  #read(reader: FrameReader, chunk: Buffer): void {
    try {
      reader.push(chunk)
    } catch (cause) {
      if (!(cause instanceof WireFault)) throw cause
      this.#lost(cause)
    }
  }

  tell(kind: Kind, number: number, payload?: Buffer): void {
    this.#frames.send(kind, number, payload)
  }

  over(number: number): void {
    this.#exchanges.take(number)
    this.#idleSince = performance.now()
    // What it has still to tell goes out first.
    if (this.#leaving && this.#exchanges.size === 0) setImmediate(() => this.#socket.end())
  }

  #lost(cause: Error): void {
    this.#watch?.[Symbol.dispose]()
    this.#socket.destroy()
    const exchanges = this.#exchanges.clear()
    this.#options.closed()
    for (const exchange of exchanges) exchange.lost(cause)
  }

  /** One entry in the wheel serves many exchanges. */
  #look(ms: number): void {
    this.#watch = this.#options.deadlines.add(ms, () => {
      if (this.#exchanges.size > 0) return this.#look(IDLE_MS)
      const left = this.#idleSince + IDLE_MS - performance.now()
      if (left > 0) this.#look(left)
      else this.#socket.destroy()
    })
  }
}

const CALLER = `\r\n${CALLER_HEADER}: `

function callerIn(fields: string): string {
  const at = fields.indexOf(CALLER)
  return at < 0 ? '' : fields.slice(at + CALLER.length, fields.indexOf('\r\n', at + CALLER.length))
}

interface ExchangeHome {
  tell(kind: Kind, exchange: number, payload?: Buffer): void
  over(exchange: number): void
}

const JSON_HEADERS: ResponseHeaders = new Map([['content-type', 'application/json']])
const EVENT_HEADERS: ResponseHeaders = new Map([['content-type', 'text/event-stream']])
const NO_HEADERS: ResponseHeaders = new Map()

/** One exchange with a stdio server, told as HTTP would. */
export class StdioExchange implements Flow {
  readonly #number: number
  readonly #handler: ResponseHandler
  readonly #home: ExchangeHome
  #over = false
  #paused = false
  /** Bytes that have come and for which no credit was given. */
  #taken = 0

  constructor(number: number, handler: ResponseHandler, home: ExchangeHome) {
    this.#number = number
    this.#handler = handler
    this.#home = home
  }

  take(kind: number, payload: Buffer): void {
    switch (kind) {
      case KIND.answer:
        this.#start(200, JSON_HEADERS)
        this.#data(payload)
        return this.#end()
      case KIND.json:
        return this.#start(200, JSON_HEADERS)
      case KIND.events:
        return this.#start(200, EVENT_HEADERS)
      case KIND.data:
        this.#taken += payload.length
        this.#data(payload)
        return this.#credit()
      case KIND.end:
        return this.#end()
      case KIND.accepted:
        this.#start(202, NO_HEADERS)
        return this.#end()
      case KIND.fault:
      case KIND.late:
        this.#start(kind === KIND.late ? 500 : 424, new Map([[FAULT_HEADER, payload.toString('latin1')]]))
        return this.#end()
      default:
        return this.lost(new Http1Fault('closed', 'the host broke it off'))
    }
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#credit()
  }

  /** Nothing more is wanted; its handler hears nothing more. */
  cut(): void {
    if (this.#finish()) this.#home.tell(KIND.cancel, this.#number)
  }

  lost(cause: Error): void {
    if (this.#finish()) this.#handler.onResponseError(cause)
  }

  #start(status: number, headers: ResponseHeaders): void {
    if (!this.#over) this.#handler.onResponseStart(status, headers)
  }

  #data(bytes: Buffer): void {
    if (!this.#over && bytes.length > 0) this.#handler.onResponseData(bytes)
  }

  #end(): void {
    if (this.#finish()) this.#handler.onResponseEnd()
  }

  #credit(): void {
    if (this.#over || this.#paused || this.#taken < WINDOW / 2) return
    const bytes = Buffer.allocUnsafe(4)
    bytes.writeUInt32LE(this.#taken, 0)
    this.#taken = 0
    this.#home.tell(KIND.credit, this.#number, bytes)
  }

  #finish(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#home.over(this.#number)
    return true
  }
}
