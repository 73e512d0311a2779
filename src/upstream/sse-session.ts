import { GatewayError } from '#/errors/gateway-error.ts'
import { answerToServer, pingRequest } from '#/mcp/upstream-requests.ts'
import type { AttemptOwner } from './attempt.ts'
import type { Carrier } from './carrier.ts'
import type { Progress } from './failures.ts'
import type { HttpRequest } from './http1-write.ts'
import { nextUpstreamId } from './ids.ts'
import { isObject, type Json } from './messages.ts'
import type { ExchangeHome, SseExchange } from './sse-exchange.ts'
import { type AnswerTaker, SharedMessages } from './sse-messages.ts'
import { type StreamOptions, type StreamOwner, SseStream } from './sse-stream.ts'

export interface SessionOptions extends StreamOptions {
  /** Ours: the server's own is a secret part of the endpoint. */
  readonly name: string
  /** The way to the endpoint, once it is known. */
  readonly posts: (url: string) => Carrier
  /** Its stream is gone. `lived`: how long it was open, in ms; null: it was closed by us, or refused. */
  readonly closed: (session: SseSession, lived: number | null) => void
}

/** Bytes that may wait for readers that have paused, before nobody is given more. */
const HELD = 1 << 20
/** How long one reader may keep the others waiting. */
const STALLED_MS = 5000
/** Requests of the server's that are being answered at a time; a server that asks faster is not heard. */
const REPLIES = 16
const REPLY_MS = 5000
/** After how long without a byte a stream is doubted, and how long a ping may take. */
const DOUBT_MS = 1000
const PONG_MS = 3000
const JSON_FIELDS = 'content-type: application/json\r\naccept: application/json, text/event-stream\r\n'

/** One event stream and the endpoint it has named: whatever is posted there is answered by the stream. */
export class SseSession implements ExchangeHome {
  readonly name: string
  readonly #options: SessionOptions
  readonly #messages: SharedMessages
  readonly #exchanges = new Set<SseExchange>()
  readonly #awaited = new Map<number, SseExchange>()
  #newest: SseExchange | undefined
  #listener: SseExchange | undefined
  #opener: { readonly exchange: SseExchange; readonly request: HttpRequest } | undefined
  readonly #stream: SseStream
  #posts: Carrier | undefined
  #openedAt = 0
  #stall: Disposable | undefined
  #held = 0
  #saying = 0
  #doubted = false
  #leaving = false
  #closed = false

  constructor(options: SessionOptions) {
    this.name = options.name
    this.#options = options
    this.#messages = new SharedMessages({
      answer: (id) => this.#answer(id),
      other: (message, bytes) => this.#other(message, bytes),
    })
    this.#stream = new SseStream(options, this.#streaming())
  }

  get lastByteAt(): number {
    return this.#stream.lastByteAt
  }

  get posts(): Carrier | undefined {
    return this.#posts
  }

  /** Opens the stream after `delayMs`; then `request` goes out as its first message. */
  open(exchange: SseExchange, request: HttpRequest, delayMs: number): void {
    exchange.reused = false
    this.#enter(exchange)
    this.#opener = { exchange, request }
    this.#stream.start(delayMs)
  }

  post(exchange: SseExchange, request: HttpRequest): void {
    if (this.#posts === undefined) return exchange.gone()
    this.#enter(exchange)
    exchange.post(this.#posts, request)
  }

  /** What belongs to no call goes here from now on. */
  listen(exchange: SseExchange): void {
    this.#listener?.ended()
    exchange.listens = true
    this.#enter(exchange)
    this.#listener = exchange
    queueMicrotask(() => exchange.begin(new Map()))
  }

  /** Nothing new begins here; the stream closes with the last call. */
  leave(): void {
    this.#leaving = true
    this.#listener?.ended()
    if (this.#exchanges.size === 0) this.#close(null)
  }

  // ── what its exchanges tell ──

  holds(bytes: number): void {
    this.#held += bytes
    if (this.#held <= HELD) {
      if (this.#stall === undefined) return
      this.#stall[Symbol.dispose]()
      this.#stall = undefined
      this.#stream.resume()
    } else if (this.#stall === undefined) {
      this.#stream.pause()
      this.#watchStall()
    }
  }

  left(exchange: SseExchange): void {
    this.#exchanges.delete(exchange)
    if (exchange.id !== undefined && this.#awaited.get(exchange.id) === exchange) this.#awaited.delete(exchange.id)
    if (this.#newest === exchange) this.#newest = undefined
    if (this.#listener === exchange) this.#listener = undefined
    // Whoever opened it and did not come to an answer has no use for it, and nobody else knows it.
    if (this.#opener?.exchange === exchange) this.#leaving = true
    if (this.#leaving && this.#exchanges.size === 0) this.#close(null)
    else if (!exchange.answered && exchange.id !== undefined) this.#doubt(exchange.sentAt)
  }

  unknown(): void {
    this.leave()
  }

  /**
   * Something was given up that was sent a while ago, and the stream has been silent since: a way that is dead without a word
   * would swallow every answer. The server is asked whether it is there.
   */
  #doubt(sentAt: number): void {
    const now = performance.now()
    if (this.#posts === undefined || this.#doubted || sentAt === 0 || now - sentAt < DOUBT_MS) return
    if (this.#heardSince(sentAt)) return
    this.#doubted = true
    this.#say(pingRequest(nextUpstreamId()))
    this.#options.context.deadlines.add(PONG_MS, () => {
      this.#doubted = false
      const silent = new GatewayError('upstream_unreachable', 'its event stream is dead: it does not answer a ping')
      if (!this.#heardSince(now)) this.#lost(silent)
    })
  }

  #heardSince(then: number): boolean {
    return this.#stream.lastByteAt > then
  }

  #enter(exchange: SseExchange): void {
    exchange.enter(this)
    this.#exchanges.add(exchange)
    if (exchange.id === undefined) return
    this.#awaited.set(exchange.id, exchange)
    this.#newest = exchange
  }

  /** While nothing is read because of one reader, the others wait: not for long. */
  #watchStall(): void {
    this.#stall = this.#options.context.deadlines.add(STALLED_MS, () => {
      this.#watchStall()
      if (this.#exchanges.size < 2) return
      let slowest: SseExchange | undefined
      for (const each of this.#exchanges) if (each.held > (slowest?.held ?? 0)) slowest = each
      slowest?.fail(new GatewayError('client_gone', 'the client reads too slowly for a stream that it shares'))
    })
  }

  // ── its stream ──

  #streaming(): StreamOwner {
    return {
      push: (chunk) => this.#messages.push(chunk),
      end: (meant) => this.#messages.end(meant),
      spoke: (status) => {
        if (!this.#closed) this.#opener?.exchange.owner.spoke(status)
      },
      endpoint: (url) => {
        this.#posts = this.#options.posts(url)
        this.#openedAt = performance.now()
        const opener = this.#opener
        opener?.exchange.post(this.#posts, opener.request)
      },
      refused: (answer, body) => {
        const opener = this.#opener
        // A refusal is about who asks or what for; what is about load or health makes everybody wait.
        this.#close(answer.status >= 500 || answer.status === 429 ? 0 : null)
        opener?.exchange.refuse(answer, body)
      },
      unopened: (error) => {
        const opener = this.#opener
        this.#close(0)
        opener?.exchange.fail(error, 'unsent')
      },
      lost: (why) => this.#lost(why?.cause),
    }
  }

  #lost(cause: Error | undefined): void {
    if (this.#closed) return
    this.#close(performance.now() - this.#openedAt)
    for (const each of this.#exchanges) {
      if (each === this.#listener) each.ended()
      else if (!each.answered) each.fail(lossOf(each.progress, cause))
    }
  }

  #close(lived: number | null): void {
    if (this.#closed) return
    this.#closed = true
    this.#stall?.[Symbol.dispose]()
    this.#stream.close()
    this.#posts?.[Symbol.dispose]()
    this.#options.closed(this, lived)
  }

  // ── what comes by it ──

  #answer(id: unknown): AnswerTaker | undefined {
    const exchange = typeof id === 'number' ? this.#awaited.get(id) : undefined
    if (exchange === undefined) return undefined
    // A second answer with the same id finds nobody.
    this.#awaited.delete(exchange.id ?? 0)
    if (this.#opener?.exchange === exchange) {
      this.#opener = undefined
      exchange.begin(new Map([['mcp-session-id', this.name]]))
    }
    return exchange
  }

  #other(message: Json, bytes: Buffer): void {
    const { method, id } = message
    if (typeof method !== 'string') return
    if (id !== undefined) return this.#reply(JSON.stringify(id), method)
    const addressee = this.#addressee(method, message['params']) ?? this.#listener
    addressee?.note(bytes)
  }

  /** Progress says whose it is; a log message does not: it is the newest call's. */
  #addressee(method: string, params: unknown): SseExchange | undefined {
    if (method === 'notifications/message') return this.#newest
    const token = method === 'notifications/progress' && isObject(params) ? params['progressToken'] : undefined
    return typeof token === 'number' ? this.#awaited.get(token) : undefined
  }

  #reply(id: string, method: string): void {
    if (this.#saying < REPLIES) this.#say(answerToServer(id, method))
  }

  /** Posts what is our own affair and nobody waits for. */
  #say(body: Buffer): void {
    const { context, fields } = this.#options
    if (this.#posts === undefined) return
    const { deadlines } = context
    let saying = true
    const over = (): void => {
      if (saying) this.#saying--
      saying = false
    }
    this.#saying++
    const post = this.#posts.begin(quietly(over), { deadlines, fresh: false })
    deadlines.add(REPLY_MS, () => {
      post.cut()
      over()
    })
    post.send({ method: 'POST', fields: JSON_FIELDS + fields, body })
  }
}

/** An owner who only wants to know when it is over. */
function quietly(over: () => void): AttemptOwner {
  return { spoke() {}, began() {}, bytes() {}, message: () => false, ended: over, other: over, broken: over }
}

function lossOf(progress: Progress, cause: Error | undefined): GatewayError {
  if (progress === 'answering')
    return new GatewayError('upstream_invalid', 'the server broke off in the middle of its answer', { cause })
  const ran = progress === 'sent' ? 'the call may have run' : 'nothing has run'
  return new GatewayError('upstream_unreachable', `the server's event stream ended before the answer came; ${ran}`, {
    cause,
  })
}
