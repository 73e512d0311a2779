import type { Frame } from '#/mcp/frame.ts'
import { JSON_BODY, type Headers } from './headers.ts'

const INITIALIZED = Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}')

/** What a session was told and must be told again when it is opened anew. */
const REMEMBERED = new Set(['logging/setLevel', 'resources/subscribe'])

/** The session of a client that speaks a revision with `initialize`: what it agreed on, and how to open it again. */
export class LegacySession {
  #id: string | undefined
  #version: string | undefined
  #opening: Buffer | undefined
  readonly #told = new Map<string, Buffer>()
  #reopening: Promise<boolean> | undefined

  get id(): string | undefined {
    return this.#id
  }

  headers(): Headers {
    return {
      ...JSON_BODY,
      ...(this.#id !== undefined && { 'mcp-session-id': this.#id }),
      ...(this.#version !== undefined && { 'mcp-protocol-version': this.#version }),
    }
  }

  /** The answer to `initialize` has come; `message` is parsed. */
  opened(request: Frame, id: string | null, message: unknown): void {
    const result = (message as { readonly result?: { readonly protocolVersion?: unknown } } | null)?.result
    if (typeof result?.protocolVersion !== 'string') return
    this.#opening = request.bytes
    this.#id = id ?? undefined
    this.#version = result.protocolVersion
  }

  /** Keeps what changes the session. */
  told({ method, bytes, uri = '' }: Frame): void {
    if (REMEMBERED.has(method)) this.#told.set(`${method} ${uri}`, bytes)
    else if (method === 'resources/unsubscribe') this.#told.delete(`resources/subscribe ${uri}`)
  }

  /**
   * Opens it again after the gateway has forgotten the session `lost`; several callers share one attempt. False: there is nothing to
   * open, or the gateway refuses.
   */
  async reopen(
    lost: string | undefined,
    post: (body: Buffer, headers: Headers) => Promise<Response>,
  ): Promise<boolean> {
    if (this.#id !== lost) return true
    this.#reopening ??= this.#open(post).finally(() => (this.#reopening = undefined))
    return await this.#reopening
  }

  async #open(post: (body: Buffer, headers: Headers) => Promise<Response>): Promise<boolean> {
    if (this.#opening === undefined) return false
    const answer = await post(this.#opening, JSON_BODY)
    await answer.arrayBuffer()
    const id = answer.headers.get('mcp-session-id')
    if (!answer.ok || id === null) return false
    this.#id = id
    for (const body of [INITIALIZED, ...this.#told.values()]) await (await post(body, this.headers())).arrayBuffer()
    return true
  }
}
