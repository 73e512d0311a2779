import { GatewayError } from '#/errors/gateway-error.ts'
import type { AttemptOwner } from './attempt.ts'
import type { Carried } from './carrier.ts'
import { type HttpAnswer, httpFailure, type Progress, transportFailure } from './failures.ts'
import { fieldLines } from './http1-write.ts'
import type { Wire } from './initialize.ts'
import { type Json, parseMessage } from './messages.ts'

export interface StreamRequest {
  readonly method: 'GET' | 'POST'
  readonly headers: readonly string[]
  readonly body: Buffer | null
  readonly signal: AbortSignal
  /** A stream without a byte for this long counts as ended. */
  readonly silenceMs: number
  readonly opened: () => void
  readonly message: (message: Json) => void
}

/** The server answered, but with no stream. */
export class NoStream extends Error {
  override readonly name = 'NoStream'
  readonly answer: HttpAnswer
  readonly body: Buffer

  constructor(answer: HttpAnswer, body: Buffer) {
    super(httpFailure(answer).message)
    this.answer = answer
    this.body = body
  }
}

const MAX_MESSAGE = 1 << 20

/** Reads an event stream until it ends, which resolves. Rejects with NoStream, the one error, or the signal's reason. */
export async function readStream(wire: Wire, request: StreamRequest): Promise<void> {
  request.signal.throwIfAborted()
  await new Promise<void>((resolve, reject) => new Reading(wire, request, { resolve, reject }).start())
}

class Reading implements AttemptOwner {
  readonly #wire: Wire
  readonly #request: StreamRequest
  readonly #settle: { resolve: () => void; reject: (error: Error) => void }
  readonly #aborted = (): void => this.#end(this.#request.signal.reason as Error)
  #attempt: Carried | undefined
  #silence: Disposable | undefined
  #heardAt = performance.now()
  #chunks: Buffer[] = []
  #bytes = 0
  #over = false

  constructor(wire: Wire, request: StreamRequest, settle: { resolve: () => void; reject: (error: Error) => void }) {
    this.#wire = wire
    this.#request = request
    this.#settle = settle
  }

  start(): void {
    const { carrier, context } = this.#wire
    const { method, headers, body, signal } = this.#request
    const fields = fieldLines(headers)
    signal.addEventListener('abort', this.#aborted, { once: true })
    this.#listen(this.#request.silenceMs)
    this.#attempt = carrier.begin(this, { deadlines: context.deadlines, fresh: false })
    this.#attempt.send({ method, fields, body })
  }

  spoke(): void {}

  began(): void {
    this.#heardAt = performance.now()
    this.#request.opened()
  }

  bytes(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes <= MAX_MESSAGE) this.#chunks.push(chunk)
    else this.#end(new GatewayError('upstream_invalid', `an event is larger than ${String(MAX_MESSAGE)} bytes`))
  }

  message(): boolean {
    if (this.#over) return true
    const message = parseMessage(Buffer.concat(this.#chunks))
    this.#chunks = []
    this.#bytes = 0
    if (message !== undefined) this.#request.message(message)
    return this.#over
  }

  ended(format: 'json' | 'events'): void {
    if (format === 'json') this.message()
    this.#end(undefined)
  }

  other(answer: HttpAnswer, body: Buffer): void {
    this.#end(new NoStream(answer, body))
  }

  broken(cause: Error, progress: Progress): void {
    this.#end(transportFailure(cause, progress))
  }

  #listen(ms: number): void {
    this.#silence = this.#wire.context.deadlines.add(ms, () => {
      const heardAt = Math.max(this.#heardAt, this.#attempt?.lastByteAt ?? 0)
      const left = heardAt + this.#request.silenceMs - performance.now()
      if (left > 0) this.#listen(left)
      else this.#end(undefined)
    })
  }

  #end(error: Error | undefined): void {
    if (this.#over) return
    this.#over = true
    this.#silence?.[Symbol.dispose]()
    this.#request.signal.removeEventListener('abort', this.#aborted)
    this.#attempt?.cut()
    if (error === undefined) this.#settle.resolve()
    else this.#settle.reject(error)
  }
}
