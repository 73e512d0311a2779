import { GatewayError } from '#/errors/gateway-error.ts'
import type { Bulkhead } from '#/lib/bulkhead.ts'
import { Lane, routeTo } from './dial.ts'
import { transportFailure } from './failures.ts'
import { httpToolRequest, type HttpToolRequest } from './http-tool-request.ts'
import { httpToolResult } from './http-tool-result.ts'
import type { ResponseHandler } from './http1-connection.ts'
import type { ResponseHeaders } from './http1-head.ts'
import type { HttpToolCall, HttpToolEnding } from './http-tools.ts'
import type { UpstreamContext } from './options.ts'
import type { CredentialHeaders } from './vault.ts'

export interface HttpToolWay {
  readonly context: UpstreamContext
  readonly headers: () => CredentialHeaders
}

const MAX_BYTES = 32 << 20

/** One call to an HTTP API on a connection of its own. `#finish` runs once, whatever happens, and gives everything back first. */
export class HttpToolRun implements ResponseHandler {
  readonly #asked: HttpToolCall
  readonly #way: HttpToolWay
  readonly #done: (ending: HttpToolEnding) => void
  readonly #startedAt = performance.now()
  readonly #chunks: Buffer[] = []
  #place: Bulkhead | undefined
  #queued: Disposable | undefined
  #deadline: Disposable | undefined
  #lane: Lane | undefined
  #progress: 'unsent' | 'sent' | 'answering' = 'unsent'
  #sentAt = 0
  #requestBytes = 0
  #bytes = 0
  #status = 0
  #contentType = ''
  #over = false

  constructor(asked: HttpToolCall, way: HttpToolWay, done: (ending: HttpToolEnding) => void) {
    this.#asked = asked
    this.#way = way
    this.#done = done
  }

  start(placeAt: (url: string) => Bulkhead): void {
    const { signal, tool } = this.#asked
    const { context } = this.#way
    if (signal.aborted) return this.#fail(gone())
    signal.listen(() => this.#fail(gone()))
    const ms = tool.local?.backing.timeoutMs ?? context.limits.totalMs
    this.#deadline = context.deadlines.add(ms, () =>
      this.#fail(new GatewayError('upstream_timeout', `the API gave no complete answer within ${ms} ms`)),
    )
    try {
      const request = this.#request()
      const bulkhead = placeAt(request.url)
      const placed = (): void => this.#placed(bulkhead, request)
      if (bulkhead.tryTake()) return placed()
      this.#queued = bulkhead.wait(placed, () => this.#fail(busy('no place for this call became free in time')))
      if (this.#queued === undefined) this.#fail(busy('too many calls already wait for this API'))
    } catch (cause) {
      this.#fail(GatewayError.from(cause))
    }
  }

  #request(): HttpToolRequest {
    const { tool, argumentsJson, requestId, traceparent } = this.#asked
    if (tool.local === undefined) throw new GatewayError('internal', `${tool.name} has no API behind it`)
    const credentials = this.#way.headers()
    return httpToolRequest({ backing: tool.local.backing, argumentsJson, credentials, requestId, traceparent })
  }

  #placed(bulkhead: Bulkhead, { url, http }: HttpToolRequest): void {
    this.#place = bulkhead
    this.#queued = undefined
    this.#sentAt = performance.now()
    this.#requestBytes = http.body?.length ?? 0
    try {
      this.#lane = new Lane(routeTo({ url, caCertificate: null }), this.#way.context)
      this.#lane.send(http, this)
    } catch (cause) {
      this.#fail(GatewayError.from(cause))
    }
  }

  onRequestStart(): void {
    this.#progress = 'sent'
  }

  onResponseStart(status: number, headers: ResponseHeaders): void {
    this.#progress = 'answering'
    this.#status = status
    this.#contentType = headers.get('content-type') ?? ''
    const coding = headers.get('content-encoding')
    if (coding !== undefined && coding !== 'identity')
      this.#fail(
        new GatewayError('upstream_invalid', `the API answered in the coding ${coding}, which was not asked for`),
      )
  }

  onResponseData(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > MAX_BYTES)
      return this.#fail(new GatewayError('upstream_invalid', `the answer is larger than ${MAX_BYTES} bytes`))
    // The chunk's memory is the connection's own.
    this.#chunks.push(Buffer.from(chunk))
  }

  onResponseEnd(): void {
    const answer = { status: this.#status, contentType: this.#contentType, body: Buffer.concat(this.#chunks) }
    try {
      const result = httpToolResult(this.#asked.tool, answer)
      if (this.#finish()) this.#done({ result, report: this.#report() })
    } catch (cause) {
      // Nested deeper than can be walked, for one.
      this.#fail(new GatewayError('upstream_invalid', 'the answer of the API cannot be read', { cause }))
    }
  }

  onResponseError(cause: Error): void {
    this.#fail(transportFailure(cause, this.#progress))
  }

  #fail(error: GatewayError): void {
    if (this.#finish()) this.#done({ error, report: this.#report() })
  }

  #finish(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#asked.signal.unlisten()
    this.#deadline?.[Symbol.dispose]()
    this.#queued?.[Symbol.dispose]()
    this.#lane?.cut()
    this.#place?.release()
    return true
  }

  #report(): HttpToolEnding['report'] {
    const now = performance.now()
    const sentAt = this.#sentAt === 0 ? now : this.#sentAt
    return {
      attempts: this.#sentAt === 0 ? 0 : 1,
      queueMs: sentAt - this.#startedAt,
      upstreamMs: now - sentAt,
      requestBytes: this.#requestBytes,
      mayHaveRun: this.#progress !== 'unsent',
      revision: null,
    }
  }
}

const gone = (): GatewayError => new GatewayError('client_gone', 'the client went away')
const busy = (why: string): GatewayError => new GatewayError('upstream_busy', why, { retryAfter: 1 })
