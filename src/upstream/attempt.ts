import { GatewayError } from '#/errors/gateway-error.ts'
import type { Deadlines } from '#/lib/deadlines.ts'
import { TURNS } from '#/lib/turns.ts'
import { type SseEvent, SseReader } from '#/lib/sse.ts'
import { FAULT_HEADER } from '#/stdio/launch.ts'
import { Bulk } from './bulk.ts'
import type { Carried, CarriedOptions, HttpLane, HttpLanes } from './carrier.ts'
import type { HttpAnswer, Progress } from './failures.ts'
import type { Flow, ResponseHandler } from './http1-connection.ts'
import type { ResponseHeaders } from './http1-head.ts'
import { Refused } from './http1-fault.ts'
import type { HttpRequest } from './http1-write.ts'

/** What becomes of one HTTP exchange: `began` and then messages until `ended`; or `other`; or `broken` at any point. */
export interface AttemptOwner {
  /** The status line is here: the server is alive, whatever it says. */
  spoke(status: number): void
  began(headers: ResponseHeaders): void
  bytes(chunk: Buffer): void
  /** An event ended. true: it was the answer, and nothing more is wanted of this exchange. */
  message(event: SseEvent): boolean
  /** An event stream says how long to wait before it is opened again. */
  retryMs?(ms: number): void
  /** The response ended as HTTP wants: a JSON answer, or an event stream of which no message was the answer. */
  ended(format: 'json' | 'events', bytes: number): void
  /** Neither JSON nor an event stream with status 200; at most 64 KiB of it. */
  other(answer: HttpAnswer, body: Buffer): void
  broken(cause: Error, progress: Progress): void
}

const COLLECT_BYTES = 64 * 1024
/** Answers up to this size are taken as they come; what is longer takes turns with others of its kind. */
const SHORT_BYTES = 16 * 1024
/** How long an event stream that has given its answer may take to end before its socket is closed. */
const LINGER_MS = 250

/** One HTTP exchange on one lane. Gives the lane back itself; tells its owner nothing after the last word or a `cut`. */
export class Attempt implements ResponseHandler, Carried {
  readonly #lanes: HttpLanes
  readonly #owner: AttemptOwner
  readonly #deadlines: Deadlines
  readonly #lane: HttpLane
  readonly #socketsBefore: number
  #mode: 'waiting' | 'json' | 'events' | 'collect' | 'answered' | 'over' = 'waiting'
  #flow: Flow | undefined
  #linger: Disposable | undefined
  #answer: HttpAnswer | undefined
  #events: SseReader | undefined
  #collected: Buffer[] = []
  #bulk: Bulk | undefined
  #paused = false
  #bytes = 0
  #lastByteAt = 0
  #hasData = false

  constructor(lanes: HttpLanes, owner: AttemptOwner, options: CarriedOptions) {
    this.#lanes = lanes
    this.#owner = owner
    this.#deadlines = options.deadlines
    this.#lane = options.fresh ? lanes.takeFresh() : lanes.take()
    this.#socketsBefore = this.#lane.sockets
  }

  /** When the last byte of the response came; 0: none has. */
  get lastByteAt(): number {
    return this.#lastByteAt
  }

  get format(): 'json' | 'events' | undefined {
    return this.#mode === 'json' || this.#mode === 'events' ? this.#mode : undefined
  }

  get progress(): Progress {
    return this.#lastByteAt > 0 ? 'answering' : this.#flow === undefined ? 'unsent' : 'sent'
  }

  /** It went out on a socket that had served another exchange: the server may have closed it at the same moment. */
  get reused(): boolean {
    return this.#lane.sockets === this.#socketsBefore
  }

  send(request: HttpRequest): void {
    this.#lane.send(request, this)
  }

  // Once it is over its connection may serve another.
  pause(): void {
    this.#paused = true
    if (this.#mode !== 'over') (this.#bulk ?? this.#flow)?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#lastByteAt = performance.now()
    if (this.#mode !== 'over') (this.#bulk ?? this.#flow)?.resume()
  }

  /** Ends it without another word to the owner. */
  cut(): void {
    if (this.#end()) this.#lanes.discard(this.#lane)
  }

  onRequestStart(flow: Flow): void {
    this.#flow = flow
  }

  onResponseStart(status: number, headers: ResponseHeaders): void {
    this.#lastByteAt = performance.now()
    TURNS.served(this.#lastByteAt)
    this.#owner.spoke(status)
    const contentType = (headers.get('content-type') ?? '').toLowerCase()
    if (status === 200 && plain(headers.get('content-encoding'))) {
      if (contentType.startsWith('application/json')) this.#mode = 'json'
      else if (contentType.startsWith('text/event-stream')) this.#readEvents()
    }
    if (this.#mode !== 'waiting') return this.#owner.began(headers)
    this.#mode = 'collect'
    this.#answer = {
      status,
      contentType,
      location: headers.get('location'),
      retryAfter: headers.get('retry-after'),
      fault: this.#lanes.isLocal ? headers.get(FAULT_HEADER) : undefined,
    }
  }

  onResponseData(chunk: Buffer): void {
    this.#bytes += chunk.length
    this.#lastByteAt = performance.now()
    if (this.#bytes > SHORT_BYTES && this.format !== undefined) this.#inTurns(chunk)
    else this.#take(chunk)
  }

  readonly #take = (chunk: Buffer): void => {
    if (this.#mode === 'json') this.#owner.bytes(chunk)
    else if (this.#mode === 'events') this.#events?.push(chunk)
    else if (this.#mode === 'collect') this.#collect(chunk)
  }

  #inTurns(chunk: Buffer): void {
    if (this.#bulk === undefined && this.#flow !== undefined) {
      this.#bulk = new Bulk(this.#flow, this.#take)
      if (this.#paused) this.#bulk.pause()
    }
    this.#bulk?.push(chunk)
  }

  onResponseEnd(): void {
    if (this.#bulk === undefined) this.#ended()
    else this.#bulk.end(() => this.#ended())
  }

  #ended(): void {
    const mode = this.#mode
    if (!this.#end()) return
    this.#lanes.release(this.#lane)
    if (mode === 'json' || mode === 'events') this.#owner.ended(mode, this.#bytes)
    else if (mode === 'collect') this.#other()
  }

  onResponseError(cause: Error): void {
    this.#broken(cause)
  }

  #end(): boolean {
    if (this.#mode === 'over') return false
    this.#mode = 'over'
    this.#linger?.[Symbol.dispose]()
    this.#bulk?.drop()
    return true
  }

  #broken(cause: Error): void {
    const progress = cause instanceof Refused ? 'unsent' : this.progress
    const mode = this.#mode
    this.cut()
    if (mode !== 'over' && mode !== 'answered') this.#owner.broken(cause, progress)
  }

  #readEvents(): void {
    this.#mode = 'events'
    this.#events = new SseReader({
      data: (chunk) => {
        if (this.#mode !== 'events') return
        this.#hasData ||= chunk.length > 0
        this.#owner.bytes(chunk)
      },
      // Events without data keep a stream alive or prime a resumption; they are no message.
      endEvent: (event) => {
        if (this.#mode !== 'events') return
        if (event.retry !== undefined) this.#owner.retryMs?.(event.retry)
        if (!this.#hasData) return
        this.#hasData = false
        if (this.#owner.message(event)) this.#answered()
      },
      invalid: (why) => this.#broken(new GatewayError('upstream_invalid', why)),
    })
  }

  #answered(): void {
    if (this.#mode === 'over') return
    this.#mode = 'answered'
    this.#bulk?.drop()
    this.#flow?.resume()
    this.#linger = this.#deadlines.add(LINGER_MS, () => this.cut())
  }

  #collect(chunk: Buffer): void {
    this.#collected.push(chunk)
    if (this.#bytes <= COLLECT_BYTES) return
    this.cut()
    this.#other()
  }

  #other(): void {
    if (this.#answer !== undefined) this.#owner.other(this.#answer, Buffer.concat(this.#collected))
  }
}

function plain(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === 'identity'
}
