import { GatewayError } from '#/errors/gateway-error.ts'
import { type ConnectOptions, type NetEndpoint, openSocket, reason } from './connect.ts'
import { Http2Connection } from './http2-connection.ts'
import type { Http2Target } from './http2-fields.ts'

export interface Http2Way {
  readonly endpoint: NetEndpoint
  readonly target: Http2Target
  readonly options: ConnectOptions
}

/** What a connection tells from when it is ready on. */
export interface Http2Changes {
  /** It has more room than before, or none any more. */
  readonly changed: () => void
  readonly closed: (connection: Http2Connection) => void
}

type Done = (error: Error | null, connection?: Http2Connection) => void

/**
 * Opens a connection and waits until the server has said how much it takes at a time, by which it shows that it speaks HTTP/2.
 * Disposing gives it up without another word.
 */
export function openHttp2(way: Http2Way, changes: Http2Changes, done: Done): Disposable {
  const opening = new Opening(way, changes, done)
  opening.start()
  return opening
}

class Opening implements Disposable {
  readonly #way: Http2Way
  readonly #changes: Http2Changes
  readonly #done: Done
  #socket: Disposable | undefined
  #late: Disposable | undefined
  #connection: Http2Connection | undefined
  #over = false

  constructor(way: Http2Way, changes: Http2Changes, done: Done) {
    this.#way = way
    this.#changes = changes
    this.#done = done
  }

  start(): void {
    const { endpoint, target, options } = this.#way
    const { deadlines, connectMs } = options
    this.#socket = openSocket(endpoint, options, (error, socket) => {
      if (socket === undefined) return this.#fail(error ?? new GatewayError('upstream_unreachable', 'no socket'))
      if ('alpnProtocol' in socket && socket.alpnProtocol !== 'h2') {
        socket.destroy()
        return this.#fail(notHttp2('it chose another protocol in the TLS handshake', undefined))
      }
      this.#late = deadlines.add(connectMs, () =>
        this.#fail(notHttp2(`it said nothing of the kind within ${String(connectMs)} ms`, undefined)),
      )
      const connection = (this.#connection = new Http2Connection(socket, {
        target,
        deadlines,
        ready: () => this.#ready(connection),
        changed: this.#changes.changed,
        closed: (cause) => this.#closed(connection, cause),
      }))
    })
  }

  [Symbol.dispose](): void {
    if (!this.#end()) return
    this.#socket?.[Symbol.dispose]()
    this.#connection?.destroy()
  }

  #ready(connection: Http2Connection): void {
    if (this.#end()) this.#done(null, connection)
  }

  #closed(connection: Http2Connection, cause: Error | undefined): void {
    if (this.#over) return this.#changes.closed(connection)
    const said = cause === undefined ? '' : reason(cause)
    // What TLS says of certificates is about them.
    if (said.includes('certificate')) return this.#fail(new GatewayError('upstream_unreachable', said, { cause }))
    this.#fail(notHttp2('the connection broke before anything was said', cause))
  }

  #fail(error: Error): void {
    if (!this.#end()) return
    this.#connection?.destroy()
    this.#done(error)
  }

  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#late?.[Symbol.dispose]()
    return true
  }
}

function notHttp2(how: string, cause: Error | undefined): GatewayError {
  return new GatewayError('upstream_invalid', `the server does not speak HTTP/2 (${how}); leave http_version out`, {
    cause,
    field: 'httpVersion',
  })
}
