import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Target } from '#/gateways/discovery.ts'
import type { CatalogGateway } from '#/catalog/model.ts'
import { fakeServer, type FakeServer, gatewayAt, parsed } from './upstream-calls.ts'

/** One open stream of the server, as the test writes to it. */
export interface Line {
  readonly response: ServerResponse
  readonly session: string
  say(message: unknown): void
  raw(text: string): void
}

export interface SseServer extends FakeServer {
  /** Streams that are open now, oldest first. */
  readonly lines: Line[]
  /** When each GET came, in ms. */
  readonly opened: number[]
  /** The `x-key` of every request. */
  readonly keys: unknown[]
  /** Whole messages that were posted, but for initialize. */
  readonly posted: { readonly id?: unknown; readonly method?: string; readonly params?: Record<string, unknown> }[]
}

export interface SseManners {
  /** What a stream begins with; by default its endpoint. */
  readonly greet?: (line: Line) => void
  /** What becomes of a message other than initialize; by default it is accepted and its params come back by the stream. */
  readonly posted?: (line: Line, request: { readonly message: Message; readonly response: ServerResponse }) => void
}

export type Message = ReturnType<typeof parsed>

export const accept = (response: ServerResponse): void => void response.writeHead(202).end('Accepted')

export const answer = (line: Line, { id, params }: Message): void =>
  line.say({ jsonrpc: '2.0', id, result: { content: [], params } })

/** A server of 2024-11-05 that does what its manners say; where they say nothing, it behaves. */
export async function sseServer(manners: SseManners = {}): Promise<SseServer> {
  const lines: Line[] = []
  const posted: SseServer['posted'][number][] = []
  const opened: number[] = []
  const keys: unknown[] = []
  const open = (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    const session = `s${String(opened.push(performance.now()))}`
    const raw = (text: string): void => void response.write(text)
    const line: Line = { response, session, raw, say: (message) => raw(`data: ${JSON.stringify(message)}\n\n`) }
    lines.push(line)
    response.on('close', () => void lines.splice(lines.indexOf(line), 1))
    if (manners.greet === undefined) raw(`event: endpoint\ndata: /messages?session=${session}\n\n`)
    else manners.greet(line)
  }
  const take = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const session = new URL(request.url ?? '', 'http://x').searchParams.get('session')
    const line = lines.find((each) => each.session === session)
    if (line === undefined) return void response.writeHead(404).end()
    const message = parsed(body)
    if (message.method === 'initialize') {
      accept(response)
      const result = {
        protocolVersion: '2024-11-05',
        capabilities: { tools: {} },
        serverInfo: { name: 'old', version: '1' },
      }
      return line.say({ jsonrpc: '2.0', id: message.id, result })
    }
    posted.push(message)
    // Also an answer to a request of the server's own.
    if (message.id === undefined || message.method === undefined) return accept(response)
    if (manners.posted !== undefined) return manners.posted(line, { message, response })
    accept(response)
    answer(line, message)
  }
  const server = await fakeServer((request, response, body) => {
    keys.push(request.headers['x-key'])
    const { pathname } = new URL(request.url ?? '', 'http://x')
    if (pathname === '/mcp' && request.method === 'GET') open(response)
    else if (pathname === '/messages' && request.method === 'POST') take(request, response, body)
    else response.writeHead(405).end()
  })
  return Object.assign(server, { lines, posted, opened, keys })
}

export const sseTarget = (url: string, transport: Target['transport'] = null): Target => ({
  url,
  stdio: null,
  transport,
  headers: { 'x-key': 'k' },
  caCertificate: null,
})

export const gatewayOf = (url: string): CatalogGateway =>
  gatewayAt(url, { transport: 'SSE', stateful: true, revision: '2024-11-05' })

/** Does to each call what its tool's name says. */
export const byName =
  (table: Readonly<Record<string, (line: Line, message: Message) => void>>): NonNullable<SseManners['posted']> =>
  (line, { message, response }) => {
    accept(response)
    const name = String(message.params['name'])
    const does = table[name]
    if (does === undefined) answer(line, message)
    else does(line, message)
  }
