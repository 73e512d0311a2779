import { GatewayError } from '#/errors/gateway-error.ts'
import { assertNoTransaction } from '#/lib/held-connection.ts'
import type { JsonAnswer, JsonQuestion } from '#/users/sso-line.ts'
import { Lane, routeTo } from './dial.ts'
import { transportFailure } from './failures.ts'
import type { ResponseHandler } from './http1-connection.ts'
import type { ResponseHeaders } from './http1-head.ts'
import { field, type HttpRequest } from './http1-write.ts'
import type { UpstreamContext } from './options.ts'

const MAX_BYTES = 1 << 20

/** One document, whatever the status it comes with: on a connection of its own, no redirect is followed, 1 MiB is read, and all of it has one deadline. */
export function askJson(context: UpstreamContext, question: JsonQuestion): Promise<JsonAnswer> {
  assertNoTransaction('a question to an identity provider')
  return new Promise((resolve, reject) => new Asking(context, { resolve, reject }).start(question))
}

/** A document that is there. */
export async function getJson(context: UpstreamContext, url: string): Promise<unknown> {
  const { status, document } = await askJson(context, { url })
  if (status !== 200) throw new GatewayError('upstream_invalid', `it answered with the status ${status}`)
  return document
}

interface Ends {
  readonly resolve: (answer: JsonAnswer) => void
  readonly reject: (error: GatewayError) => void
}

class Asking implements ResponseHandler {
  readonly #context: UpstreamContext
  readonly #ends: Ends
  readonly #chunks: Buffer[] = []
  #status = 0
  #bytes = 0
  #lane: Lane | undefined
  #deadline: Disposable | undefined
  #signal: AbortSignal | undefined
  #over = false

  constructor(context: UpstreamContext, ends: Ends) {
    this.#context = context
    this.#ends = ends
  }

  start({ url, authorization, form, signal }: JsonQuestion): void {
    const { deadlines, limits } = this.#context
    this.#deadline = deadlines.add(limits.exchangeMs, () => this.#fail('upstream_timeout', 'it did not answer in time'))
    try {
      signal?.throwIfAborted()
      signal?.addEventListener('abort', this.#left)
      this.#signal = signal
      const route = routeTo({ url, caCertificate: null, clientIdentity: null, httpVersion: null })
      this.#lane = new Lane(route, this.#context)
      this.#lane.send(requestOf(authorization, form), this)
    } catch (cause) {
      this.#end(() => this.#ends.reject(GatewayError.from(cause)))
    }
  }

  readonly #left = (): void => this.#fail('client_gone', 'nobody waits for it any more')

  onRequestStart(): void {}

  onResponseStart(status: number, _headers: ResponseHeaders): void {
    this.#status = status
  }

  onResponseData(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > MAX_BYTES) return this.#fail('upstream_invalid', `it is larger than ${MAX_BYTES} bytes`)
    // The chunk's memory is the connection's own.
    this.#chunks.push(Buffer.from(chunk))
  }

  onResponseEnd(): void {
    const status = this.#status
    try {
      const document: unknown = JSON.parse(Buffer.concat(this.#chunks).toString())
      this.#end(() => this.#ends.resolve({ status, document }))
    } catch {
      if (status === 200) this.#fail('upstream_invalid', 'it is not JSON')
      else this.#end(() => this.#ends.resolve({ status, document: null }))
    }
  }

  onResponseError(cause: Error): void {
    this.#end(() => this.#ends.reject(transportFailure(cause, 'sent')))
  }

  #fail(code: 'upstream_invalid' | 'upstream_timeout' | 'client_gone', why: string): void {
    this.#end(() => this.#ends.reject(new GatewayError(code, why)))
  }

  #end(told: () => void): void {
    if (this.#over) return
    this.#over = true
    this.#deadline?.[Symbol.dispose]()
    this.#signal?.removeEventListener('abort', this.#left)
    this.#lane?.cut()
    told()
  }
}

function requestOf(authorization: string | undefined, form: URLSearchParams | undefined): HttpRequest {
  const fields = field('accept', 'application/json') + (authorization ? field('authorization', authorization) : '')
  if (form === undefined) return { method: 'GET', fields, body: null }
  const type = field('content-type', 'application/x-www-form-urlencoded')
  return { method: 'POST', fields: fields + type, body: Buffer.from(form.toString()) }
}
