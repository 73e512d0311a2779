import { randomUUID } from 'node:crypto'
import { backoff } from '#/lib/backoff.ts'
import type { AttemptOwner } from './attempt.ts'
import type { Carried, CarriedOptions, Carrier } from './carrier.ts'
import type { HttpRequest } from './http1-write.ts'
import type { UpstreamContext } from './options.ts'
import { SseExchange } from './sse-exchange.ts'
import { SseSession } from './sse-session.ts'

export interface SseOptions {
  readonly url: string
  readonly context: UpstreamContext
  /** The way to a URL of the server. */
  readonly way: (url: string) => Carrier
}

const RETRY = { firstMs: 250, maxMs: 15_000 }
/** No server keeps us away for longer than this. */
const MAX_RETRY_MS = 60_000
/** A call waits so long for a stream that may not be opened yet; beyond that it is told when to come again. */
const MAX_WAIT_MS = 3000
/** A stream that lived this long was no failure. */
const STEADY_MS = 30_000
const SESSION_LINE = /^mcp-session-id: ([^\r]*)\r\n/m
const OWN_LINES = /^(?:accept|content-type|mcp-session-id|mcp-protocol-version): [^\r]*\r\n/gm

/**
 * HTTP+SSE as of 2024-11-05 in the shape of streamable HTTP: a request without a session opens one, whose name (ours) it is told
 * with the answer; a request in a session that is gone is answered 404; DELETE ends one; GET hears what belongs to no call.
 */
export class SseCarrier implements Carrier {
  readonly #options: SseOptions
  readonly #streams: Carrier
  readonly #sessions = new Map<string, SseSession>()
  #failures = 0
  #retryMs = 0
  #openAt = 0
  #closed = false

  constructor(options: SseOptions) {
    this.#options = options
    this.#streams = options.way(options.url)
  }

  begin(owner: AttemptOwner, options: CarriedOptions): Carried {
    return new SseExchange(owner, options, (exchange, request) => this.#route(exchange, request))
  }

  sweep(): void {
    this.#streams.sweep()
    for (const { posts } of this.#sessions.values()) posts?.sweep()
  }

  [Symbol.dispose](): void {
    this.#closed = true
    for (const session of this.#sessions.values()) session.leave()
    this.#streams[Symbol.dispose]()
  }

  #route(exchange: SseExchange, request: HttpRequest): void {
    const name = SESSION_LINE.exec(request.fields)?.[1]
    if (name === undefined) return this.#open(exchange, request)
    const session = this.#sessions.get(name)
    if (session === undefined || request.method === 'DELETE') {
      session?.leave()
      return exchange.gone()
    }
    if (request.method === 'GET') return session.listen(exchange)
    session.post(exchange, { ...request, fields: request.fields.replace(SESSION_LINE, '') })
  }

  #open(exchange: SseExchange, request: HttpRequest): void {
    const { url, context, way } = this.#options
    const delayMs = this.#openAt - performance.now()
    if (delayMs > MAX_WAIT_MS) return exchange.refuseFor(delayMs)
    const session = new SseSession({
      name: randomUUID(),
      url,
      context,
      posts: way,
      streams: this.#streams,
      fields: request.fields.replaceAll(OWN_LINES, ''),
      closed: (closed, lived) => this.#gone(closed, lived),
      retryMs: (ms) => {
        this.#retryMs = Math.min(ms, MAX_RETRY_MS)
      },
    })
    this.#sessions.set(session.name, session)
    session.open(exchange, request, delayMs)
    if (this.#closed) session.leave()
  }

  /** A stream that was not closed by us: the next one waits a little, and as long as the server wants. */
  #gone(session: SseSession, lived: number | null): void {
    this.#sessions.delete(session.name)
    if (lived === null) return
    this.#failures = lived > STEADY_MS ? 1 : this.#failures + 1
    this.#openAt = performance.now() + Math.max(this.#retryMs, backoff(this.#failures, RETRY))
  }
}
