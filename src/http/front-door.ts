import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { requestIdFrom } from '#/calls/trace.ts'
import { pause } from '#/lib/backoff.ts'
import { createServer } from '#/lib/node-http.ts'
import { TURNS } from '#/lib/turns.ts'
import { Arrival, type Notice } from './arrival.ts'
import { doorOf, type Door } from './door.ts'
import type { FrontRequest, FrontResponse } from './front-request.ts'
import { refuse } from './mcp-head.ts'
import { serveMcp, type McpOptions } from './mcp-endpoint.ts'
import type { Ops } from './ops.ts'
import { PlainConnection, type PlainService } from './plain-connection.ts'
import { IDLE_MS } from './plain-exchange.ts'
import type { RequestGuard } from './request-guard.ts'
import { serveShell } from './protocol.ts'
import { refuseInRest } from './rest-errors.ts'
import { serveRpc } from './rpc.ts'
import type { WebAnswers } from './web-answers.ts'

export interface FrontDoorOptions {
  readonly guard: RequestGuard
  readonly mcp: McpOptions
  readonly ops: Ops
  readonly notice: Notice
  readonly web: WebAnswers
  /** The other half: REST, documents, UI. */
  readonly rest: (request: IncomingMessage, response: ServerResponse) => void
}

/** What REST answers from: node's own request and response. */
type Rest = () => void

/** Both halves, by the path. */
function dispatch(arrival: Arrival, options: FrontDoorOptions, rest: Rest): void {
  const { request } = arrival
  const door = doorOf(request.url ?? '/')
  if (door.kind === 'health') return options.ops.health(arrival)
  if (door.kind === 'ready') return options.ops.ready(arrival)
  try {
    options.guard(request)
  } catch (cause) {
    return isCall(door) ? refuse(arrival, cause) : refuseInRest(arrival, cause)
  }
  const preflight = options.web.preflightFor(request)
  if (preflight !== undefined) return arrival.allow(preflight)
  if (door.kind === 'mcp') return void serveMcp(arrival, door.scope, options.mcp)
  if (door.kind === 'rpc') return void serveRpc(arrival, options.mcp)
  if (door.kind === 'shell') return void serveShell(arrival, door.shell, options.mcp)
  if (door.kind === 'metrics' && !request.headers.accept?.includes('application/json'))
    return void options.ops.metrics(arrival)
  rest()
}

const isCall = ({ kind }: Door): boolean => kind === 'mcp' || kind === 'rpc'

/** A connection that looks idle may have been accepted a moment ago, with its request on the way: that one is answered, too. */
const ON_THE_WAY_MS = 300

/** The requests of one worker: served on connections that are handed in, until drained. */
export interface FrontDoor {
  /** Serves a connection. */
  readonly take: (socket: Socket) => void
  /** Told to wind up. */
  readonly quiet: boolean
  /** From now on every answer closes its connection. */
  quiesce(): void
  /** Resolves when nothing is in flight; at `hurry` what is left is cut. */
  drain(hurry: AbortSignal): Promise<void>
}

/** Calls come in on plain connections; whatever is not plain, and REST, is read by node:http. */
export function openFrontDoor(options: FrontDoorOptions): FrontDoor {
  let inFlight = 0
  let quiet = false
  const begin = (request: FrontRequest, response: FrontResponse): Arrival => {
    const requestId = requestIdFrom(request.headers['x-request-id'])
    const arrival = new Arrival(request, response, { requestId, notice: options.notice, web: options.web })
    inFlight += 1
    TURNS.served(performance.now())
    arrival.atEnd(() => (inFlight -= 1))
    return arrival
  }
  const heads = new WeakMap<Socket, Disposable>()
  const server = openServer((request, response) => {
    heads.get(request.socket)?.[Symbol.dispose]()
    const arrival = begin(request, response)
    if (quiet) response.setHeader('connection', 'close')
    dispatch(arrival, options, () => {
      // REST takes the id from the request.
      request.headers['x-request-id'] = arrival.requestId
      options.rest(request, response)
    })
  })
  const plain = new Set<PlainConnection>()
  const service: PlainService = {
    deadlines: options.mcp.deadlines,
    takes: (url) => isCall(doorOf(url)),
    serve: (exchange) => dispatch(begin(exchange, exchange), options, () => exchange.destroy()),
    handOver: (socket, until) => {
      const watch = options.mcp.deadlines.add(until - performance.now(), () => refuseHead(TOO_SLOW, socket))
      heads.set(socket, watch)
      socket.once('close', () => watch[Symbol.dispose]())
      server.emit('connection', socket)
    },
    quiet: () => quiet,
    closed: (connection) => plain.delete(connection),
  }
  return {
    take: (socket) => void plain.add(new PlainConnection(socket, service)),
    get quiet() {
      return quiet
    },
    quiesce: () => void (quiet = true),
    async drain(hurry) {
      quiet = true
      const idleUntil = performance.now() + ON_THE_WAY_MS
      for (let late = false; (inFlight > 0 || !late) && !hurry.aborted; late = performance.now() > idleUntil) {
        if (late) {
          server.closeIdleConnections()
          for (const connection of plain) if (connection.idle) connection.close()
        }
        await pause(50)
      }
      server.closeAllConnections()
      for (const connection of plain) connection.close()
    },
  }
}

/** Slow heads are cut within ten seconds; an idle connection outlives the usual proxy's own limit. */
function openServer(serve: (request: IncomingMessage, response: ServerResponse) => void): Server {
  const server = createServer(
    {
      headersTimeout: 9_000,
      // From the first byte of a head to the last of its body.
      requestTimeout: 60_000,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 32 << 10,
    },
    serve,
  )
  server.on('clientError', refuseHead)
  // node:http begins to watch for slow heads and idle connections when it listens; this one is handed its connections instead.
  server.emit('listening')
  return server
}

/** A head that is no HTTP, too large or too slow: a bare status, and the connection ends. */
function refuseHead({ code = '' }: Pick<NodeJS.ErrnoException, 'code'>, socket: Duplex): void {
  const status = HEAD_FAULTS[code] ?? '400 Bad Request'
  const answer = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
  // Who sends a head in drips may never close its side.
  if (socket.writable) socket.end(answer, () => socket.destroy())
  else socket.destroy()
}

const TOO_SLOW = { code: 'ERR_HTTP_REQUEST_TIMEOUT' }

const HEAD_FAULTS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}
