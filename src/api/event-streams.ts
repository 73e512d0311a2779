import type { Principal } from '#/access/principal.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { EndpointInput, Reply } from './endpoint.ts'
import { EventStream } from './event-stream.ts'

type Asked = Pick<EndpointInput<never, unknown, unknown, unknown>, 'principal' | 'request'>

export interface StreamLimits {
  readonly streams: number
  readonly perPrincipal: number
}

/** Of each worker. */
const LIMITS: StreamLimits = { streams: 256, perPrincipal: 32 }
const TICK_MS = 1_000

export interface EventStreamsOptions {
  /** A principal as it is now, the same object where nothing changed; throws where there is none any more. */
  readonly again: (principal: Principal) => Principal
  /** Aborted when this process is about to end. */
  readonly ending: AbortSignal
  readonly limits?: StreamLimits
}

export interface Opening {
  /** Throws when this principal may not listen. Asked again whenever who may do what has changed. */
  readonly may: (principal: Principal) => void
  /** What is said in place of events that a reader was too slow for. */
  readonly overflow: string
  /** Begins to tell; what it returns is disposed when the stream is over. */
  readonly begin: (stream: EventStream) => Disposable
}

/** The server-sent events that this worker has open: bounded and kept alive. */
export class EventStreams implements Disposable {
  readonly #options: EventStreamsOptions
  readonly #limits: StreamLimits
  readonly #open = new Set<EventStream>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: EventStreamsOptions) {
    this.#options = options
    this.#limits = options.limits ?? LIMITS
    options.ending.addEventListener('abort', () => this.#endAll(), { once: true })
  }

  /** The answer of an endpoint whose answer is such a stream. */
  answer({ principal, request }: Asked, { may, overflow, begin }: Opening): Reply {
    may(principal)
    this.#admit(principal.key)
    const again = (before: Principal): Principal => {
      const now = this.#options.again(before)
      if (now !== before) may(now)
      return now
    }
    const stream = new EventStream({ principal, again, overflow })
    const telling = begin(stream)
    this.#open.add(stream)
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref()
    stream.body.once('close', () => {
      telling[Symbol.dispose]()
      this.#open.delete(stream)
      if (this.#open.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    })
    request.signal.addEventListener('abort', () => stream.body.destroy(), { once: true })
    return { headers: HEADERS, body: stream.body, mayGoOn: may }
  }

  [Symbol.dispose](): void {
    this.#endAll()
    clearInterval(this.#timer)
  }

  #tick(): void {
    const now = performance.now()
    for (const stream of this.#open) stream.tick(now)
  }

  #endAll(): void {
    const now = performance.now()
    for (const stream of this.#open) stream.end(now)
  }

  #admit(key: string): void {
    const { streams, perPrincipal } = this.#limits
    if (this.#options.ending.aborted) throw new GatewayError('unavailable', 'this process is ending', { retryAfter: 1 })
    if (this.#open.size >= streams) throw full('the gateway has as many event streams open as it may')
    let mine = 0
    for (const stream of this.#open) if (stream.key === key) mine += 1
    if (mine >= perPrincipal) throw full(`you have ${perPrincipal} event streams open here, as many as you may`)
  }
}

const HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' }

function full(message: string): GatewayError {
  return new GatewayError('overloaded', `${message}; close one, or try again later`, { retryAfter: 10 })
}
