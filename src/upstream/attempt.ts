import { GatewayError } from '#/errors/gateway-error.ts'
import type { Deadlines } from '#/lib/deadlines.ts'
import { SseReader } from '#/lib/sse.ts'
import type { Controller, Handler, HttpRequest, Lane, Lanes } from './dial.ts'
import type { HttpAnswer, Progress } from './failures.ts'

/** What becomes of one HTTP exchange: `began` and then messages until `ended`; or `other`; or `broken` at any point. */
export interface AttemptOwner {
  /** The status line is here: the server is alive, whatever it says. */
  spoke(status: number): void
  began(headers: ResponseHeaders): void
  bytes(chunk: Buffer): void
  /** An event ended. true: it was the answer, and nothing more is wanted of this exchange. */
  message(): boolean
  /** The response ended as HTTP wants: a JSON answer, or an event stream of which no message was the answer. */
  ended(format: 'json' | 'events', bytes: number): void
  /** Neither JSON nor an event stream with status 200; at most 64 KiB of it. */
  other(answer: HttpAnswer, body: Buffer): void
  broken(cause: Error, progress: Progress): void
}

export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>

const COLLECT_BYTES = 64 * 1024
/** How long an event stream that has given its answer may take to end before its socket is closed. */
const LINGER_MS = 250

/** One HTTP exchange on one lane. Gives the lane back itself; tells its owner nothing after the last word or a `cut`. */
export class Attempt implements Handler {
  readonly #lanes: Lanes
  readonly #owner: AttemptOwner
  readonly #deadlines: Deadlines
  readonly #lane: Lane
  readonly #socketsBefore: number
  #mode: 'waiting' | 'json' | 'events' | 'collect' | 'answered' | 'over' = 'waiting'
  #controller: Controller | undefined
  #answer: HttpAnswer | undefined
  #events: SseReader | undefined
  #collected: Buffer[] = []
  #bytes = 0
  #lastByteAt = 0
  #hasData = false

  constructor(lanes: Lanes, owner: AttemptOwner, options: { readonly deadlines: Deadlines; readonly fresh: boolean }) {
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
    return this.#lastByteAt > 0 ? 'answering' : this.#controller === undefined ? 'unsent' : 'sent'
  }

  /** It went out on a socket that had served another exchange: the server may have closed it at the same moment. */
  get reused(): boolean {
    return this.#lane.sockets === this.#socketsBefore
  }

  send(request: HttpRequest): void {
    this.#lane.send(request, this)
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#lastByteAt = performance.now()
    this.#controller?.resume()
  }

  /** Ends it without another word to the owner. */
  cut(reason: Error): void {
    if (this.#mode === 'over') return
    this.#mode = 'over'
    this.#lanes.discard(this.#lane, reason)
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
  }

  onResponseStart(_: Controller, status: number, headers: ResponseHeaders): void {
    if (status < 200 || this.#mode === 'over') return
    this.#lastByteAt = performance.now()
    this.#owner.spoke(status)
    const contentType = first(headers['content-type']).toLowerCase()
    if (status === 200 && plain(headers['content-encoding'])) {
      if (contentType.startsWith('application/json')) this.#mode = 'json'
      else if (contentType.startsWith('text/event-stream')) this.#readEvents()
    }
    if (this.#mode !== 'waiting') return this.#owner.began(headers)
    this.#mode = 'collect'
    this.#answer = {
      status,
      contentType,
      location: headers['location'] === undefined ? undefined : first(headers['location']),
      retryAfter: headers['retry-after'] === undefined ? undefined : first(headers['retry-after']),
    }
  }

  onResponseData(_: Controller, chunk: Buffer): void {
    this.#bytes += chunk.length
    this.#lastByteAt = performance.now()
    if (this.#mode === 'json') this.#owner.bytes(chunk)
    else if (this.#mode === 'events') this.#events?.push(chunk)
    else if (this.#mode === 'collect') this.#collect(chunk)
  }

  onResponseEnd(): void {
    const mode = this.#mode
    if (mode === 'over') return
    this.#mode = 'over'
    this.#lanes.release(this.#lane)
    if (mode === 'json' || mode === 'events') this.#owner.ended(mode, this.#bytes)
    else if (mode === 'collect') this.#other()
  }

  onResponseError(_: Controller | null, cause: Error): void {
    this.#broken(cause)
  }

  #broken(cause: Error): void {
    const { progress } = this
    const mode = this.#mode
    this.cut(cause)
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
      endEvent: () => {
        if (this.#mode !== 'events' || !this.#hasData) return
        this.#hasData = false
        if (this.#owner.message()) this.#linger()
      },
      invalid: (why) => this.#broken(new GatewayError('upstream_invalid', why)),
    })
  }

  #linger(): void {
    if (this.#mode === 'over') return
    this.#mode = 'answered'
    this.#deadlines.add(LINGER_MS, () => this.cut(new Error('the event stream went on after its answer')))
  }

  #collect(chunk: Buffer): void {
    this.#collected.push(chunk)
    if (this.#bytes <= COLLECT_BYTES) return
    this.cut(new Error('more than is worth reading'))
    this.#other()
  }

  #other(): void {
    if (this.#answer !== undefined) this.#owner.other(this.#answer, Buffer.concat(this.#collected))
  }
}

function first(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

function plain(encoding: string | string[] | undefined): boolean {
  return encoding === undefined || encoding === 'identity'
}
