import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createMcpHandler, McpServer as ModernServer } from '@modelcontextprotocol/server'
import { McpServer as LegacyServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'

export interface RunningServer extends AsyncDisposable {
  readonly url: string
  /** `METHOD` of every request so far. */
  readonly methods: string[]
  /** `Authorization` of every request so far, each once; '' where there was none. */
  readonly credentials: Set<string>
  /** Adds a tool, which connected clients hear of. */
  addTool(name: string): void
}

async function listen(listener: RequestListener, rest: Pick<RunningServer, 'addTool'>): Promise<RunningServer> {
  const methods: string[] = []
  const credentials = new Set<string>()
  const server = createServer((request, response) => {
    methods.push(request.method ?? '')
    credentials.add(request.headers.authorization ?? '')
    listener(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    ...rest,
    methods,
    credentials,
    url: `http://127.0.0.1:${String(port)}/mcp`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      if (server.listening) await once(server, 'close')
    },
  }
}

const ECHO = { description: 'says hello' }
const hello = () => ({ content: [{ type: 'text' as const, text: 'hello' }] })

/** The official legacy server, with sessions or without. */
export async function legacyServer(options: { readonly stateful: boolean }): Promise<RunningServer> {
  const transports = new Map<string, StreamableHTTPServerTransport>()
  const servers: LegacyServer[] = []
  const build = (): LegacyServer => {
    const server = new LegacyServer({ name: 'legacy-test', version: '1.0.0' }, { instructions: 'be kind' })
    server.registerTool('echo', ECHO, hello)
    server.registerPrompt('greet', { description: 'a greeting' }, () => ({
      messages: [{ role: 'user', content: { type: 'text', text: 'hello' } }],
    }))
    server.registerResource('readme', 'test://readme', { mimeType: 'text/plain' }, (uri) => ({
      contents: [{ uri: uri.href, text: 'read me' }],
    }))
    servers.push(server)
    return server
  }
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const known = transports.get(String(request.headers['mcp-session-id'] ?? ''))
    if (known !== undefined) return await known.handleRequest(request, response)
    if (options.stateful && request.headers['mcp-session-id'] !== undefined) return void response.writeHead(404).end()
    const transport: StreamableHTTPServerTransport = options.stateful
      ? new StreamableHTTPServerTransport({
          sessionIdGenerator: randomUUID,
          onsessioninitialized: (id) => {
            transports.set(id, transport)
          },
        })
      : new StreamableHTTPServerTransport()
    await build().connect(transport)
    await transport.handleRequest(request, response)
  }
  return await listen((request, response) => void handle(request, response), {
    addTool: (name) => {
      for (const server of servers) server.registerTool(name, ECHO, hello)
    },
  })
}

/** The official modern server, refusing legacy clients. */
export async function modernServer(): Promise<RunningServer> {
  const extra: string[] = []
  const handler = createMcpHandler(
    () => {
      const server = new ModernServer(
        { name: 'modern-test', version: '2.0.0' },
        { capabilities: { tools: { listChanged: true } } },
      )
      for (const name of ['echo', ...extra]) server.registerTool(name, ECHO, hello)
      return server
    },
    { legacy: 'reject' },
  )
  return await listen((request, response) => void relay(handler.fetch, request, response), {
    addTool: (name) => {
      extra.push(name)
      handler.notify.toolsChanged()
    },
  })
}

/** A node:http request through a handler that speaks Request and Response. */
async function relay(
  fetch: (request: Request) => Promise<Response>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) if (typeof value === 'string') headers.set(name, value)
  const body = chunks.length > 0 ? Buffer.concat(chunks) : null
  const url = `http://${request.headers.host ?? ''}${request.url ?? ''}`
  const answer = await fetch(new Request(url, { method: request.method ?? 'GET', headers, body, signal: gone.signal }))
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  response.flushHeaders()
  try {
    if (answer.body !== null) for await (const chunk of answer.body) response.write(chunk)
  } catch {
    // The client went away.
  }
  response.end()
}
