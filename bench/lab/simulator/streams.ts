import type { ServerResponse } from 'node:http'
import type { Counters } from './counters.ts'
import { resultOf, type Message } from './message.ts'
import { event } from './wait.ts'

const KINDS = ['tools', 'prompts', 'resources'] as const
/** Proxies take a stream on which nothing moves for dead. */
const KEEP_ALIVE_MS = 15_000
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId'

interface Open {
  readonly server: string
  readonly res: ServerResponse
  /** Of `subscriptions/listen`; undefined: a GET stream of a legacy session. */
  readonly listen: Message | undefined
}

/** Streams that stay open: GET in a legacy session, `subscriptions/listen` else. */
export class Streams implements Disposable {
  readonly #open = new Set<Open>()
  readonly #counters: Counters
  readonly #alive = setInterval(() => this.#keepAlive(), KEEP_ALIVE_MS).unref()

  constructor(counters: Counters) {
    this.#counters = counters
  }

  open(stream: Open): void {
    const { res, listen } = stream
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    if (listen === undefined) res.flushHeaders()
    else res.write(event(acknowledgement(listen)))
    this.#open.add(stream)
    this.#counters.openStreams++
    res.once('close', () => {
      this.#open.delete(stream)
      this.#counters.openStreams--
    })
  }

  /** Tells every stream of that server that its lists have changed; returns how many were told. */
  changed(server: string): number {
    let told = 0
    for (const stream of this.#open) {
      if (stream.server !== server) continue
      told++
      for (const kind of KINDS) {
        if (stream.listen !== undefined && !wants(stream.listen, kind)) continue
        const meta = stream.listen === undefined ? undefined : { _meta: { [SUBSCRIPTION]: stream.listen.id } }
        const notification = { jsonrpc: '2.0', method: `notifications/${kind}/list_changed`, params: meta }
        stream.res.write(event(JSON.stringify(notification)))
      }
    }
    return told
  }

  #keepAlive(): void {
    for (const { res } of this.#open) res.write(':\n\n')
  }

  [Symbol.dispose](): void {
    clearInterval(this.#alive)
    for (const { res, listen } of this.#open) {
      res.end(
        listen === undefined
          ? ''
          : event(resultOf(listen, 'modern', `"_meta":{"${SUBSCRIPTION}":${JSON.stringify(listen.id)}}`)),
      )
    }
  }
}

const wants = (listen: Message, kind: string): boolean => listen.params?.notifications?.[`${kind}ListChanged`] === true

function acknowledgement(listen: Message): string {
  const notifications = Object.fromEntries(
    KINDS.filter((kind) => wants(listen, kind)).map((kind) => [`${kind}ListChanged`, true]),
  )
  const params = { notifications, _meta: { [SUBSCRIPTION]: listen.id } }
  return JSON.stringify({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params })
}
