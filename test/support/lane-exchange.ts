import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createDeadlines } from '#/lib/deadlines.ts'
import { Lanes, routeTo } from '#/upstream/dial.ts'
import type { Flow, ResponseHandler } from '#/upstream/http1-connection.ts'
import type { ResponseHeaders } from '#/upstream/http1-head.ts'
import type { HttpRequest } from '#/upstream/http1-write.ts'

export interface Exchanged {
  readonly status: number
  readonly headers: ResponseHeaders
  readonly body: Buffer
  readonly error: Error | undefined
}

const GET: HttpRequest = { method: 'GET', fields: '', body: null }

export function lanesTo(url: string, caCertificate: string | null = null): Lanes {
  return new Lanes(routeTo({ url, caCertificate }), {
    names: { resolve: () => ['127.0.0.1'] },
    policy: { allowPrivate: true },
    deadlines: createDeadlines(),
    connectMs: 1000,
  })
}

/** One exchange, whole, on a lane that is given back as a call gives it back. `watch` sees the callbacks as they come. */
export function exchange(
  lanes: Lanes,
  request: Partial<HttpRequest> = {},
  watch: Partial<ResponseHandler> = {},
): Promise<Exchanged> {
  const lane = lanes.take()
  const chunks: Buffer[] = []
  let start: Pick<Exchanged, 'status' | 'headers'> = { status: 0, headers: new Map() }
  return new Promise((resolve) => {
    const over = (error?: Error): void => resolve({ ...start, body: Buffer.concat(chunks), error })
    lane.send(
      { ...GET, ...request },
      {
        onRequestStart: (flow: Flow) => watch.onRequestStart?.(flow),
        onResponseStart(status, headers) {
          start = { status, headers }
          watch.onResponseStart?.(status, headers)
        },
        onResponseData(chunk) {
          chunks.push(chunk)
          watch.onResponseData?.(chunk)
        },
        onResponseEnd() {
          lanes.release(lane)
          over()
        },
        onResponseError(cause) {
          lanes.discard(lane)
          over(cause)
        },
      },
    )
  })
}

export interface RawServer extends AsyncDisposable {
  readonly url: string
  /** In the order in which they came. */
  readonly sockets: Socket[]
}

/** A server that says what `heard` writes to the socket, for each piece that comes. */
export async function rawServer(heard: (socket: Socket, piece: Buffer) => void): Promise<RawServer> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {}).on('data', (piece: Buffer) => heard(socket, piece))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/mcp`,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      if (server.listening) await once(server, 'close')
    },
  }
}
