import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Counters } from './counters.ts'
import { atOnce } from './lists.ts'
import { errorOf, resultOf, VERSION, type Era, type Message } from './message.ts'
import { orderOf } from './order.ts'
import { Sessions } from './sessions.ts'
import { Streams } from './streams.ts'
import { JSON_TYPE, wait } from './wait.ts'

/** Which server was asked: its URL says it. */
export interface Address {
  readonly eras: Era | 'either'
  readonly server: string
  /** Length of its tools/list; null: as all have. */
  readonly tools: number | null
}

interface Request {
  readonly at: Address
  readonly era: Era
  readonly message: Message
  readonly req: IncomingMessage
  readonly res: ServerResponse
}

const SESSION = 'mcp-session-id'

function json(res: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  const length = Buffer.byteLength(body)
  res.writeHead(status, { 'content-type': JSON_TYPE, 'content-length': length, ...headers }).end(body)
}

/** The MCP endpoint of every server. */
export class Endpoint implements Disposable {
  readonly counters: Counters
  readonly streams: Streams
  readonly #sessions: Sessions
  readonly #tools: number

  constructor(counters: Counters, tools: number) {
    this.counters = counters
    this.#tools = tools
    this.streams = new Streams(counters)
    this.#sessions = new Sessions(counters)
  }

  receive(at: Address, req: IncomingMessage, res: ServerResponse): void {
    const version = req.headers['mcp-protocol-version']
    const era = at.eras === 'either' ? (version === VERSION.modern ? 'modern' : 'legacy') : at.eras
    if (req.method !== 'POST') return this.#withoutBody(at, era, req, res)
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
      const message = parsed(body)
      if (message === undefined) return json(res, 400, errorOf({}, -32700, 'the body is no JSON-RPC message'))
      const { requests } = this.counters
      requests[message.method] = (requests[message.method] ?? 0) + 1
      this.#answer({ at, era, message, req, res })
    })
  }

  /** GET and DELETE are a legacy session's. */
  #withoutBody(at: Address, era: Era, req: IncomingMessage, res: ServerResponse): void {
    const id = String(req.headers[SESSION] ?? '')
    if (era === 'modern' || (req.method !== 'GET' && req.method !== 'DELETE')) {
      return void res.writeHead(405, { allow: era === 'modern' ? 'POST' : 'POST, GET, DELETE' }).end()
    }
    if (this.#sessions.find(id, at.server) === undefined) {
      return json(res, 404, errorOf({}, -32001, `there is no session ${id}: initialize`))
    }
    if (req.method === 'GET') return this.streams.open({ server: at.server, res, listen: undefined })
    this.#sessions.end(id)
    res.writeHead(200).end()
  }

  #answer(request: Request): void {
    const { at, era, message, req, res } = request
    const waiting = era === 'legacy' ? this.#waitingOf(request) : NO_SESSION
    if (waiting === undefined) {
      const why = `there is no session ${String(req.headers[SESSION] ?? '')}: initialize`
      return json(res, req.headers[SESSION] === undefined ? 400 : 404, errorOf(message, -32001, why))
    }
    if (message.id === undefined) {
      if (message.method === 'notifications/cancelled') waiting.get(message.params?.requestId ?? '')?.()
      return void res.writeHead(202).end()
    }
    const mismatch = era === 'modern' ? mismatchOf(message, req) : undefined
    if (mismatch !== undefined) return json(res, 400, errorOf(message, -32020, mismatch))
    const order = orderOf(message, at.server)
    if (order === undefined) return this.#atOnce(request)
    if (typeof order === 'string') return json(res, 200, errorOf(message, -32602, order))
    const { id } = message
    const takeBack = wait({ message, era, order, res }, this.counters, () => {
      if (waiting !== NO_SESSION) waiting.delete(id)
    })
    if (waiting !== NO_SESSION && !res.writableEnded) waiting.set(id, takeBack)
  }

  /** What waits in the session of a legacy request; undefined: it has none. */
  #waitingOf({ at, message, req }: Request): Map<number | string, () => void> | undefined {
    if (message.method === 'initialize') return NO_SESSION
    return this.#sessions.find(String(req.headers[SESSION] ?? ''), at.server)?.waiting
  }

  #atOnce({ at, era, message, res }: Request): void {
    const { method, params } = message
    if (era === 'modern' && method === 'subscriptions/listen') {
      return this.streams.open({ server: at.server, res, listen: message })
    }
    const asked = { server: at.server, tools: at.tools ?? this.#tools, version: params?.protocolVersion }
    const answer = atOnce(method, era, asked)
    if (answer === undefined) {
      return json(res, era === 'modern' ? 404 : 200, errorOf(message, -32601, `there is no method ${method}`))
    }
    this.counters.answered++
    const session = method === 'initialize' ? { [SESSION]: this.#sessions.open(at.server) } : undefined
    json(res, 200, resultOf(message, era, answer), session)
  }

  [Symbol.dispose](): void {
    this.streams[Symbol.dispose]()
  }
}

/** What is sent outside a session takes nothing back but by going away. */
const NO_SESSION = new Map<number | string, () => void>()

function parsed(body: Buffer): Message | undefined {
  try {
    const message = JSON.parse(body.toString()) as Message | null
    return typeof message?.method === 'string' ? message : undefined
  } catch {
    return undefined
  }
}

/** Modern headers repeat what the body says; a gateway that sends others would be refused by real servers. */
function mismatchOf(message: Message, req: IncomingMessage): string | undefined {
  const { headers } = req
  if (headers['mcp-protocol-version'] !== VERSION.modern) return `MCP-Protocol-Version must be ${VERSION.modern}`
  if (headers['mcp-method'] !== message.method) return 'Mcp-Method must be the method of the body'
  const name = message.method === 'resources/read' ? message.params?.uri : message.params?.name
  if (name !== undefined && headers['mcp-name'] !== name) return 'Mcp-Name must be the name or URI in the body'
  return undefined
}
