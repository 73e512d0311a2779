import { GatewayError } from '#/errors/gateway-error.ts'
import type { SseEvent } from '#/lib/sse.ts'
import type { AttemptOwner } from './attempt.ts'
import type { Carried, CarriedOptions, Carrier } from './carrier.ts'
import type { HttpAnswer, Progress } from './failures.ts'
import type { ResponseHeaders } from './http1-head.ts'
import type { HttpRequest } from './http1-write.ts'
import type { AnswerTaker } from './sse-messages.ts'

/** What an exchange asks of the session it runs in. */
export interface ExchangeHome {
  /** Of its stream, whoever it was for. */
  readonly lastByteAt: number
  /** So many bytes more (or less) wait here for a reader that has paused. */
  holds(bytes: number): void
  /** The exchange is over, whatever its end. */
  left(exchange: SseExchange): void
  /** The server does not know the session. */
  unknown(): void
}

const MESSAGE: SseEvent = { event: 'message', id: undefined, retry: undefined }
const ACCEPTED: HttpAnswer = { status: 202, contentType: '', location: undefined, retryAfter: undefined }
const GONE: HttpAnswer = { ...ACCEPTED, status: 404 }
const NOTHING = Buffer.alloc(0)
/** How long a POST may go on after its answer has come by the stream. */
const LINGER_MS = 2000
/** The end of a message, among the bytes that are held. */
const END = null

/** One message to the server and what comes back for it by the stream that it shares with others. */
export class SseExchange implements Carried, AnswerTaker {
  readonly owner: AttemptOwner
  /** As which the server knows the request; undefined: it awaits no answer. */
  id: number | undefined
  reused = true
  /** It hears what belongs to no call, for as long as the stream lives. */
  listens = false
  #heardAt = 0
  /** When it went out; 0: it has not. */
  sentAt = 0
  #home: ExchangeHome | undefined
  readonly #options: CarriedOptions
  readonly #route: (exchange: SseExchange, request: HttpRequest) => void
  #post: Carried | undefined
  #accepted = false
  #posted = false
  #answered = false
  #began = false
  #paused = false
  #held: (Buffer | typeof END)[] = []
  #heldBytes = 0
  #over = false

  constructor(
    owner: AttemptOwner,
    options: CarriedOptions,
    route: (exchange: SseExchange, request: HttpRequest) => void,
  ) {
    this.owner = owner
    this.#options = options
    this.#route = route
  }

  get lastByteAt(): number {
    return this.listens ? (this.#home?.lastByteAt ?? 0) : this.#heardAt
  }

  get format(): 'events' | undefined {
    return this.#began ? 'events' : undefined
  }

  get progress(): Progress {
    if (this.lastByteAt > 0) return 'answering'
    return this.#accepted || (this.#post !== undefined && this.#post.progress !== 'unsent') ? 'sent' : 'unsent'
  }

  /** Its answer is here, if perhaps not yet read. */
  get answered(): boolean {
    return this.#answered
  }

  /** Bytes that wait for its reader. */
  get held(): number {
    return this.#heldBytes
  }

  send(request: HttpRequest): void {
    this.id = request.id
    this.#route(this, request)
  }

  // ── what its session does with it ──

  /** It belongs to a session from here on. */
  enter(home: ExchangeHome): void {
    this.#home = home
  }

  post(posts: Carrier, request: HttpRequest): void {
    if (this.#over) return
    this.sentAt = performance.now()
    this.#post = posts.begin(this.#posting(), this.#options)
    this.#post.send(request)
  }

  /** Whoever opened the session learns its name with the first message. */
  begin(headers: ResponseHeaders): void {
    if (this.#began || this.#over) return
    this.#began = true
    this.owner.began(headers)
  }

  /** A whole message that belongs to it and is not its answer. */
  note(message: Buffer): void {
    this.bytes(message)
    this.#take(END)
  }

  /** There is no such session, or it has just ended. */
  gone(): void {
    this.refuse(GONE, NOTHING)
  }

  /** The answer of its request is none of the protocol's. After `send` has returned. */
  refuse(answer: HttpAnswer, body: Buffer): void {
    queueMicrotask(() => {
      if (this.#end()) this.owner.other(answer, body)
    })
  }

  /** Its stream may not be opened for so long. After `send` has returned. */
  refuseFor(ms: number): void {
    const why = 'the event stream to the server was lost; it is opened again in a moment'
    const error = new GatewayError('upstream_busy', why, { retryAfter: Math.ceil(ms / 1000) })
    queueMicrotask(() => this.fail(error, 'unsent'))
  }

  fail(error: Error, progress = this.progress): void {
    if (this.#end()) this.owner.broken(error, progress)
  }

  ended(): void {
    if (this.#end()) this.owner.ended('events', 0)
  }

  // ── its answer ──

  bytes(chunk: Buffer): void {
    if (this.#over) return
    this.#heardAt = performance.now()
    this.begin(NO_HEADERS)
    this.#take(chunk)
  }

  end(): void {
    this.#answered = true
    this.#take(END)
  }

  tooLarge(limit: number): void {
    const why = `the answer is larger than ${String(limit)} bytes and says only then whose it is`
    this.fail(new GatewayError('upstream_invalid', why), 'answering')
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#heardAt = performance.now()
    this.#paused = false
    while (this.#held.length > 0 && !this.#paused && !this.#over) {
      const next = this.#held.shift()
      if (next === undefined) return
      if (next !== END) this.#count(-next.length)
      this.#give(next)
    }
  }

  cut(): void {
    if (!this.#end()) return
    this.#post?.cut()
  }

  #take(piece: Buffer | typeof END): void {
    if (this.#over) return
    if (!this.#paused && this.#held.length === 0) return this.#give(piece)
    this.#held.push(piece)
    if (piece !== END) this.#count(piece.length)
  }

  #give(piece: Buffer | typeof END): void {
    if (piece !== END) this.owner.bytes(piece)
    else if (this.owner.message(MESSAGE)) this.#end()
    else if (this.#answered && this.#held.length === 0) this.ended()
  }

  #count(bytes: number): void {
    this.#heldBytes += bytes
    this.#home?.holds(bytes)
  }

  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#held = []
    this.#count(-this.#heldBytes)
    const post = this.#post
    if (post !== undefined && !this.#posted) this.#options.deadlines.add(LINGER_MS, () => post.cut())
    this.#home?.left(this)
    return true
  }

  // ── its POST ──

  #posting(): AttemptOwner {
    return {
      spoke: (status) => {
        if (!this.#over) this.owner.spoke(status)
      },
      // Whatever it says beside its status: the answer comes by the stream.
      began: () => this.#accept(),
      bytes: () => {},
      message: () => false,
      ended: () => {
        this.#posted = true
      },
      other: (answer, body) => {
        this.#posted = true
        if (answer.status >= 200 && answer.status < 300) return this.#accept()
        if (answer.status === 404) this.#home?.unknown()
        if (this.#end()) this.owner.other(answer, body)
      },
      broken: (cause, progress) => {
        this.#posted = true
        if (!this.#accepted && !this.#began) this.fail(cause, progress)
      },
    }
  }

  #accept(): void {
    this.#accepted = true
    if (this.id === undefined && this.#end()) this.owner.other(ACCEPTED, NOTHING)
  }
}

const NO_HEADERS: ResponseHeaders = new Map()
