import { GatewayError } from '#/errors/gateway-error.ts'
import type { SseEvent } from '#/lib/sse.ts'
import { answerToServer } from '#/mcp/upstream-requests.ts'
import type { AttemptOwner } from './attempt.ts'
import type { Carried, Carrier } from './carrier.ts'
import { type Progress, transportFailure } from './failures.ts'
import type { HttpRequest } from './http1-write.ts'
import { isObject, type Json } from './messages.ts'
import type { UpstreamContext } from './options.ts'
import { endpointUrl } from './sse-endpoint.ts'
import type { ExchangeHome, SseExchange } from './sse-exchange.ts'
import { type AnswerTaker, SharedMessages } from './sse-messages.ts'

export interface SessionOptions {
  /** Ours: the server's own is a secret part of the endpoint. */
  readonly name: string
  readonly url: string
  readonly streams: Carrier
  /** The way to the endpoint, once it is known. */
  readonly posts: (url: string) => Carrier
  readonly context: UpstreamContext
  /** Header lines that every request carries: the credentials. */
  readonly fields: string
  /** Its stream is gone. `lived`: how long it was open, in ms; null: it was closed by us. */
  readonly closed: (session: SseSession, lived: number | null) => void
  readonly retryMs: (ms: number) => void
}

const ENDPOINT_MS = 5000
const LONGEST_ENDPOINT = 8192
/** Bytes that may wait for readers that have paused, before nobody is given more. */
const HELD = 1 << 20
/** How long one reader may keep the others waiting. */
const STALLED_MS = 5000
/** Requests of the server's that are being answered at a time; a server that asks faster is not heard. */
const REPLIES = 16
const REPLY_MS = 5000
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
  #stream: Carried | undefined
  #posts: Carrier | undefined
  #openedAt = 0
  #timer: Disposable | undefined
  #stall: Disposable | undefined
  #said: Buffer[] = []
  #saidBytes = 0
  #held = 0
  #replying = 0
  #leaving = false
  #closed = false

  constructor(options: SessionOptions) {
    this.name = options.name
    this.#options = options
    this.#messages = new SharedMessages({
      answer: (id) => this.#answer(id),
      other: (message, bytes) => this.#other(message, bytes),
    })
  }

  get posts(): Carrier | undefined {
    return this.#posts
  }

  /** Opens the stream after `delayMs`; then `request` goes out as its first message. */
  open(exchange: SseExchange, request: HttpRequest, delayMs: number): void {
    exchange.reused = false
    this.#enter(exchange)
    this.#opener = { exchange, request }
    const { deadlines } = this.#options.context
    if (delayMs <= 0) this.#connect()
    else this.#timer = deadlines.add(delayMs, () => this.#connect())
  }

  post(exchange: SseExchange, request: HttpRequest): void {
    if (this.#posts === undefined) return exchange.gone()
    this.#enter(exchange)
    exchange.post(this.#posts, request)
  }

  /** What belongs to no call goes here from now on. */
  listen(exchange: SseExchange): void {
    this.#listener?.ended()
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
      this.#stream?.resume()
    } else if (this.#stall === undefined) {
      this.#stream?.pause()
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
  }

  unknown(): void {
    this.leave()
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

  #connect(): void {
    const { streams, context, fields } = this.#options
    this.#timer = context.deadlines.add(ENDPOINT_MS + context.connectMs, () => this.#noEndpoint())
    this.#stream = streams.begin(this.#streaming(), { deadlines: context.deadlines, fresh: false })
    this.#stream.send({ method: 'GET', fields: `accept: text/event-stream\r\n${fields}`, body: null })
  }

  #streaming(): AttemptOwner {
    return {
      spoke: (status) => {
        if (!this.#closed) this.#opener?.exchange.owner.spoke(status)
      },
      began: () => {},
      bytes: (chunk) => (this.#posts === undefined ? this.#endpointBytes(chunk) : this.#messages.push(chunk)),
      message: ({ event }) => {
        if (this.#posts !== undefined) this.#messages.end(event === 'message')
        else this.#endpoint(event)
        return this.#closed
      },
      retryMs: this.#options.retryMs,
      ended: () => this.#lost(undefined),
      other: (answer, body) => {
        const opener = this.#opener
        this.#close(0)
        opener?.exchange.refuse(answer, body)
      },
      broken: (cause, progress) => this.#lost({ cause, progress }),
    }
  }

  #endpointBytes(chunk: Buffer): void {
    this.#saidBytes += chunk.length
    if (this.#saidBytes <= LONGEST_ENDPOINT) this.#said.push(chunk)
  }

  #endpoint(event: SseEvent['event']): void {
    const said = Buffer.concat(this.#said).toString()
    const tooLong = this.#saidBytes > LONGEST_ENDPOINT
    this.#said = []
    this.#saidBytes = 0
    if (event !== 'endpoint' || tooLong) return
    try {
      this.#posts = this.#options.posts(endpointUrl(said, this.#options.url))
    } catch (cause) {
      return this.#unopened(GatewayError.from(cause))
    }
    this.#timer?.[Symbol.dispose]()
    this.#openedAt = performance.now()
    const opener = this.#opener
    opener?.exchange.post(this.#posts, opener.request)
  }

  #noEndpoint(): void {
    const why = `the server opened no event stream that names an endpoint within ${String(ENDPOINT_MS)} ms`
    this.#unopened(new GatewayError('upstream_timeout', why))
  }

  #unopened(error: GatewayError): void {
    const opener = this.#opener
    this.#close(0)
    opener?.exchange.fail(error, 'unsent')
  }

  #lost(why: { readonly cause: Error; readonly progress: Progress } | undefined): void {
    if (this.#closed) return
    if (this.#posts === undefined) {
      const ended = new GatewayError('upstream_invalid', 'the server ended its event stream without an endpoint')
      return this.#unopened(why === undefined ? ended : transportFailure(why.cause, 'unsent'))
    }
    this.#close(performance.now() - this.#openedAt)
    for (const each of this.#exchanges) {
      if (each === this.#listener) each.ended()
      else if (!each.answered) each.fail(lossOf(each.progress, why?.cause))
    }
  }

  #close(lived: number | null): void {
    if (this.#closed) return
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    this.#stall?.[Symbol.dispose]()
    this.#stream?.cut()
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
    const { context, fields } = this.#options
    if (this.#replying >= REPLIES || this.#posts === undefined) return
    this.#replying++
    const { deadlines } = context
    const over = (): void => void this.#replying--
    const reply = this.#posts.begin(quietly(over), { deadlines, fresh: false })
    deadlines.add(REPLY_MS, () => reply.cut())
    reply.send({ method: 'POST', fields: JSON_FIELDS + fields, body: answerToServer(id, method) })
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
