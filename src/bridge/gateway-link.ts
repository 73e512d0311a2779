import { GatewayError } from '#/errors/gateway-error.ts'
import { backoff, pause } from '#/lib/backoff.ts'
import { faultOf, notReached } from './faults.ts'

export interface LinkOptions {
  /** The MCP endpoint. Asked until it answers; a GatewayError is final, what else is thrown may pass. */
  readonly endpoint: () => Promise<string>
  /** For people. */
  readonly origin: string
  /** Read anew when the gateway refuses the one in hand; throws a sentence for people. */
  readonly token: () => Promise<string>
  /** How long to wait for a gateway that is not there. */
  readonly patienceMs: number
  readonly userAgent: string
  /** Something that a person may want to know. */
  readonly note: (text: string) => void
}

export interface Outgoing {
  readonly method: 'POST' | 'GET' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
  readonly signal: AbortSignal
}

const WAITING = { firstMs: 50, maxMs: 1000 }

/** The way to the gateway: adds the token, and waits for a gateway that is just starting. */
export class GatewayLink {
  readonly origin: string
  readonly #options: LinkOptions
  #url: string | undefined
  #token: string | undefined
  #noted = false

  constructor(options: LinkOptions) {
    this.origin = options.origin
    this.#options = options
  }

  /** The head of the answer. Throws a GatewayError where nothing was sent, and what fetch throws where something may have been. */
  async send(out: Outgoing): Promise<Response> {
    const until = performance.now() + this.#options.patienceMs
    for (let failures = 1; ; failures++) {
      const attempt = await this.#attempt(out)
      if (attempt instanceof Response) {
        this.#noted = false
        return attempt
      }
      if (performance.now() > until) throw notReached(this.origin, attempt)
      if (!this.#noted) this.#options.note(`${attempt}; waiting for the gateway at ${this.origin}`)
      this.#noted = true
      await pause(backoff(failures, WAITING), out.signal)
    }
  }

  /** Why nothing could be sent, where that is so. */
  async #attempt(out: Outgoing): Promise<Response | string> {
    try {
      this.#token ??= await this.#options.token()
      this.#url ??= await this.#options.endpoint()
    } catch (error) {
      if (error instanceof GatewayError) throw error
      return error instanceof Error ? error.message : String(error)
    }
    try {
      const response = await this.#fetch(this.#url, out, this.#token)
      if (response.status !== 401) return response
      const fresh = await this.#options.token().catch(() => this.#token)
      if (fresh === undefined || fresh === this.#token) return response
      await response.body?.cancel()
      this.#token = fresh
      return await this.#fetch(this.#url, out, fresh)
    } catch (error) {
      out.signal.throwIfAborted()
      const { sent, why } = faultOf(error)
      if (sent) throw error
      return why
    }
  }

  async #fetch(url: string, { method, headers, body, signal }: Outgoing, token: string): Promise<Response> {
    return await fetch(url, {
      method,
      headers: { ...headers, authorization: `Bearer ${token}`, 'user-agent': this.#options.userAgent },
      redirect: 'error',
      signal,
      ...(body !== undefined && { body: new Uint8Array(body.buffer as ArrayBuffer, body.byteOffset, body.length) }),
    })
  }
}
