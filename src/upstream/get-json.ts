import { GatewayError } from '#/errors/gateway-error.ts'
import { Lane, routeTo } from './dial.ts'
import { transportFailure } from './failures.ts'
import type { ResponseHandler } from './http1-connection.ts'
import type { ResponseHeaders } from './http1-head.ts'
import { field } from './http1-write.ts'
import type { UpstreamContext } from './options.ts'

const MAX_BYTES = 1 << 20

/** One document, on a connection of its own: no redirect is followed, 1 MiB is read, and all of it has one deadline. */
export function getJson(context: UpstreamContext, url: string): Promise<unknown> {
  return new Promise((resolve, reject) => new Get(context, { resolve, reject }).start(url))
}

interface Ends {
  readonly resolve: (document: unknown) => void
  readonly reject: (error: GatewayError) => void
}

class Get implements ResponseHandler {
  readonly #context: UpstreamContext
  readonly #ends: Ends
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #lane: Lane | undefined
  #deadline: Disposable | undefined
  #over = false

  constructor(context: UpstreamContext, ends: Ends) {
    this.#context = context
    this.#ends = ends
  }

  start(url: string): void {
    const { deadlines, limits } = this.#context
    this.#deadline = deadlines.add(limits.exchangeMs, () => this.#fail('upstream_timeout', 'it did not answer in time'))
    try {
      const route = routeTo({ url, caCertificate: null, clientIdentity: null, httpVersion: null })
      this.#lane = new Lane(route, this.#context)
      this.#lane.send({ method: 'GET', fields: field('accept', 'application/json'), body: null }, this)
    } catch (cause) {
      this.#end(() => this.#ends.reject(GatewayError.from(cause)))
    }
  }

  onRequestStart(): void {}

  onResponseStart(status: number, _headers: ResponseHeaders): void {
    if (status !== 200) this.#fail('upstream_invalid', `it answered with the status ${status}`)
  }

  onResponseData(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > MAX_BYTES) return this.#fail('upstream_invalid', `it is larger than ${MAX_BYTES} bytes`)
    // The chunk's memory is the connection's own.
    this.#chunks.push(Buffer.from(chunk))
  }

  onResponseEnd(): void {
    try {
      const document: unknown = JSON.parse(Buffer.concat(this.#chunks).toString())
      this.#end(() => this.#ends.resolve(document))
    } catch {
      this.#fail('upstream_invalid', 'it is not JSON')
    }
  }

  onResponseError(cause: Error): void {
    this.#end(() => this.#ends.reject(transportFailure(cause, 'sent')))
  }

  #fail(code: 'upstream_invalid' | 'upstream_timeout', why: string): void {
    this.#end(() => this.#ends.reject(new GatewayError(code, why)))
  }

  #end(told: () => void): void {
    if (this.#over) return
    this.#over = true
    this.#deadline?.[Symbol.dispose]()
    this.#lane?.cut()
    told()
  }
}
