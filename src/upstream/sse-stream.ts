import { GatewayError } from '#/errors/gateway-error.ts'
import type { AttemptOwner } from './attempt.ts'
import type { Carried, Carrier } from './carrier.ts'
import { type HttpAnswer, type Progress, transportFailure } from './failures.ts'
import type { UpstreamContext } from './options.ts'
import { endpointUrl } from './sse-endpoint.ts'

export interface StreamOptions {
  readonly url: string
  readonly streams: Carrier
  readonly context: UpstreamContext
  /** Header lines that every request carries: the credentials. */
  readonly fields: string
  /** The stream says how long to wait before the next one is opened. */
  readonly retryMs: (ms: number) => void
}

/** What a stream tells: `endpoint` and then messages until `lost`; or `refused` or `unopened`; nothing after `close`. */
export interface StreamOwner {
  spoke(status: number): void
  endpoint(url: string): void
  /** The next bytes of the message at hand. */
  push(chunk: Buffer): void
  /** The message has ended. `meant`: its event is one that carries messages. */
  end(meant: boolean): void
  /** The server answered, but with no stream. */
  refused(answer: HttpAnswer, body: Buffer): void
  unopened(error: GatewayError): void
  lost(why: { readonly cause: Error; readonly progress: Progress } | undefined): void
}

const ENDPOINT_MS = 5000
const LONGEST_ENDPOINT = 8192

/** One event stream of a server of 2024-11-05, from its GET on: first it names an endpoint, then it carries messages. */
export class SseStream {
  readonly #options: StreamOptions
  readonly #owner: StreamOwner
  #stream: Carried | undefined
  #timer: Disposable | undefined
  #said: Buffer[] = []
  #saidBytes = 0
  #open = false
  #closed = false

  constructor(options: StreamOptions, owner: StreamOwner) {
    this.#options = options
    this.#owner = owner
  }

  get lastByteAt(): number {
    return this.#stream?.lastByteAt ?? 0
  }

  start(delayMs: number): void {
    if (delayMs <= 0) this.#connect()
    else this.#timer = this.#options.context.deadlines.add(delayMs, () => this.#connect())
  }

  pause(): void {
    this.#stream?.pause()
  }

  resume(): void {
    this.#stream?.resume()
  }

  close(): void {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    this.#stream?.cut()
  }

  #connect(): void {
    const { streams, context, fields } = this.#options
    this.#timer = context.deadlines.add(ENDPOINT_MS + context.connectMs, () => {
      const why = `the server opened no event stream that names an endpoint within ${String(ENDPOINT_MS)} ms`
      this.#owner.unopened(new GatewayError('upstream_timeout', why))
    })
    this.#stream = streams.begin(this.#events(), { deadlines: context.deadlines, fresh: false })
    this.#stream.send({ method: 'GET', fields: `accept: text/event-stream\r\n${fields}`, body: null })
  }

  #events(): AttemptOwner {
    return {
      spoke: (status) => this.#owner.spoke(status),
      began: () => {},
      bytes: (chunk) => (this.#open ? this.#owner.push(chunk) : this.#hold(chunk)),
      message: ({ event }) => {
        if (this.#open) this.#owner.end(event === 'message')
        else this.#first(event)
        return this.#closed
      },
      retryMs: this.#options.retryMs,
      ended: () => this.#gone(undefined),
      other: (answer, body) => this.#owner.refused(answer, body),
      broken: (cause, progress) => this.#gone({ cause, progress }),
    }
  }

  #hold(chunk: Buffer): void {
    this.#saidBytes += chunk.length
    if (this.#saidBytes <= LONGEST_ENDPOINT) this.#said.push(chunk)
  }

  /** An event before the endpoint is known: that is it, or it says nothing to us. */
  #first(event: string): void {
    const said = Buffer.concat(this.#said).toString()
    const whole = this.#saidBytes <= LONGEST_ENDPOINT
    this.#said = []
    this.#saidBytes = 0
    if (event !== 'endpoint' || !whole) return
    try {
      const url = endpointUrl(said, this.#options.url)
      this.#timer?.[Symbol.dispose]()
      this.#open = true
      this.#owner.endpoint(url)
    } catch (cause) {
      this.#owner.unopened(GatewayError.from(cause))
    }
  }

  #gone(why: { readonly cause: Error; readonly progress: Progress } | undefined): void {
    if (this.#closed) return
    if (this.#open) return this.#owner.lost(why)
    const ended = new GatewayError(
      'upstream_invalid',
      'it answers, but not as an MCP server: what it says to a GET ended without naming an endpoint; is this its MCP endpoint? It often ends in /mcp',
    )
    this.#owner.unopened(why === undefined ? ended : transportFailure(why.cause, 'unsent'))
  }
}
