import { backoff, pause } from '#/lib/backoff.ts'
import type { Asking } from './answer-request.ts'
import { relayBody } from './read-answer.ts'

const NO_STREAM = 405
const NOT_OFFERED = new Set([NO_STREAM, 501])
const AGAIN = { firstMs: 500, maxMs: 30_000 }

/** What the server says by itself to a session: the GET stream, where the gateway offers one. Opened again when it breaks. */
export class ListenStream {
  readonly #asking: Asking
  readonly #end = new AbortController()
  #session: string | undefined
  #lastEvent: string | undefined

  constructor(asking: Asking) {
    this.#asking = asking
  }

  /** Once the session is open. */
  start(): void {
    const { id } = this.#asking.session
    if (id === undefined || this.#session !== undefined) return
    this.#session = id
    // Without the stream everything else goes on.
    void this.#keepOpen().catch(() => {})
  }

  close(): void {
    this.#end.abort(new Error('the bridge has ended'))
  }

  async #keepOpen(): Promise<void> {
    for (let failures = 1; !this.#end.signal.aborted; failures++) {
      const status = await this.#open().catch(() => 0)
      if (NOT_OFFERED.has(status)) return
      // The session is over: the next call opens it again.
      if (status === 404) this.#lastEvent = undefined
      if (status === 200) failures = 1
      await pause(backoff(failures, AGAIN), this.#end.signal)
    }
  }

  /** The status, once the stream has ended. */
  async #open(): Promise<number> {
    const { link, session, output } = this.#asking
    const { 'content-type': _type, ...headers } = session.headers() as Record<string, string>
    const response = await link.send({
      method: 'GET',
      headers: {
        ...headers,
        accept: 'text/event-stream',
        ...(this.#lastEvent !== undefined && { 'last-event-id': this.#lastEvent }),
      },
      signal: this.#end.signal,
    })
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
    if (!response.ok || !isStream) {
      await response.body?.cancel()
      return response.ok ? NO_STREAM : response.status
    }
    await relayBody(response, { output, seen: () => {}, eventId: (id) => (this.#lastEvent = id) })
    return 200
  }
}
