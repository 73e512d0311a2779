import { GatewayError } from '#/errors/gateway-error.ts'
import type { Deadlines } from '#/lib/deadlines.ts'
import { assertNoTransaction } from '#/lib/held-connection.ts'
import type { AttemptOwner } from './attempt.ts'
import type { Carried, Carrier } from './carrier.ts'
import { type HttpAnswer, type Progress, transportFailure } from './failures.ts'
import type { ResponseHeaders } from './http1-head.ts'
import { fieldLines } from './http1-write.ts'

/** One exchange off the path of a call, whole in memory. */
export interface Ask {
  readonly method: 'POST' | 'DELETE'
  readonly headers: readonly string[]
  readonly body: Buffer | null
  /** As in HttpRequest. */
  readonly id?: number | undefined
  readonly ms: number
  readonly maxBytes: number
  readonly signal?: AbortSignal
  /** Whether a message of an event stream is the awaited answer. */
  readonly isAnswer?: (message: Buffer) => boolean
}

/** `message`: the JSON-RPC message that came; null: the HTTP answer carried none (`http` says what it was). */
export interface Reply {
  readonly headers: ResponseHeaders
  readonly message: Buffer | null
  readonly http: HttpAnswer
  readonly body: Buffer
}

/** Rejects with the one error for everything below HTTP; an HTTP answer of any status resolves. */
export async function ask(carrier: Carrier, deadlines: Deadlines, request: Ask): Promise<Reply> {
  assertNoTransaction('asking a server')
  request.signal?.throwIfAborted()
  return await new Promise<Reply>((resolve, reject) =>
    new Asking(request, { resolve, reject }).start(carrier, deadlines),
  )
}

const OK: HttpAnswer = { status: 200, contentType: '', location: undefined, retryAfter: undefined }

const NO_HEADERS: ResponseHeaders = new Map()

class Asking implements AttemptOwner {
  readonly #request: Ask
  readonly #settle: { resolve: (reply: Reply) => void; reject: (error: Error) => void }
  readonly #aborted = (): void => this.#giveUp(GatewayError.from(this.#request.signal?.reason))
  #attempt: Carried | undefined
  #deadline: Disposable | undefined
  #headers: ResponseHeaders = NO_HEADERS
  #chunks: Buffer[] = []
  #bytes = 0
  #over = false

  constructor(request: Ask, settle: { resolve: (reply: Reply) => void; reject: (error: Error) => void }) {
    this.#request = request
    this.#settle = settle
  }

  start(carrier: Carrier, deadlines: Deadlines): void {
    const { method, headers, body, id, ms, signal } = this.#request
    const fields = fieldLines(headers)
    signal?.addEventListener('abort', this.#aborted, { once: true })
    this.#deadline = deadlines.add(ms, () =>
      this.#giveUp(new GatewayError('upstream_timeout', `no complete answer within ${String(ms)} ms`)),
    )
    this.#attempt = carrier.begin(this, { deadlines, fresh: false })
    this.#attempt.send({ method, fields, body, id })
  }

  spoke(): void {}

  began(headers: ResponseHeaders): void {
    this.#headers = headers
  }

  bytes(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > this.#request.maxBytes)
      return this.#giveUp(
        new GatewayError('upstream_invalid', `the answer is larger than ${this.#request.maxBytes} bytes`),
      )
    this.#chunks.push(chunk)
  }

  message(): boolean {
    const message = Buffer.concat(this.#chunks)
    this.#chunks = []
    if (this.#request.isAnswer?.(message) !== true) return false
    this.#reply(message, OK, message)
    return true
  }

  ended(format: 'json' | 'events'): void {
    if (format === 'events')
      return this.#giveUp(new GatewayError('upstream_invalid', 'the server ended its event stream without an answer'))
    const message = Buffer.concat(this.#chunks)
    this.#reply(message, { ...OK, contentType: 'application/json' }, message)
  }

  other(answer: HttpAnswer, body: Buffer): void {
    this.#reply(null, answer, body)
  }

  broken(cause: Error, progress: Progress): void {
    this.#giveUp(transportFailure(cause, progress))
  }

  #reply(message: Buffer | null, http: HttpAnswer, body: Buffer): void {
    if (!this.#end()) return
    this.#settle.resolve({ headers: this.#headers, message, http, body })
  }

  #giveUp(error: Error): void {
    if (!this.#end()) return
    this.#attempt?.cut()
    this.#settle.reject(error)
  }

  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#deadline?.[Symbol.dispose]()
    this.#request.signal?.removeEventListener('abort', this.#aborted)
    return true
  }
}
