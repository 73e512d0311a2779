import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { newCounters, type Counters } from './counters.ts'
import { Endpoint } from './endpoint.ts'

/** MCP servers for loads: any number of them in one process, of both eras, as slow and as broken as a call asks for. */
export interface Simulator extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly counters: Counters
}

export interface SimulatorOptions {
  /** 0: a free one. */
  readonly port?: number
  /** Length of tools/list, where the URL's `?tools=` says no other. */
  readonly tools?: number
}

/** Under a load, connections come in bursts. */
const BACKLOG = 4096

export async function startSimulator({ port = 0, tools = 5 }: SimulatorOptions = {}): Promise<Simulator> {
  const counters = newCounters()
  const endpoint = new Endpoint(counters, tools)
  const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0, headersTimeout: 0 }, (req, res) =>
    route(endpoint, req, res),
  )
  server.on('connection', () => counters.connections++)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', BACKLOG, resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counters,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      endpoint[Symbol.dispose]()
      server.closeAllConnections()
      await closed
    },
  }
}

const ADVICE = 'servers are at /legacy/NAME/mcp, /modern/NAME/mcp and /either/NAME/mcp; GET /counters counts\n'
const MCP_PATH = /^\/(legacy|modern|either)\/([^/?]+)\/mcp(?:\?tools=(\d+))?$/
const CHANGE_PATH = /^\/changed\/([^/?]+)$/

function route(endpoint: Endpoint, req: IncomingMessage, res: ServerResponse): void {
  const url = req.url ?? '/'
  const [, era, server = '', tools] = MCP_PATH.exec(url) ?? []
  if (era !== undefined) {
    const at = {
      eras: era as 'legacy' | 'modern' | 'either',
      server,
      tools: tools === undefined ? null : Number(tools),
    }
    return endpoint.receive(at, req, res)
  }
  if (url === '/counters') {
    return void res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(endpoint.counters))
  }
  const changed = CHANGE_PATH.exec(url)?.[1]
  if (changed !== undefined && req.method === 'POST') {
    return void res.writeHead(200).end(`${endpoint.streams.changed(changed)} streams of ${changed} told\n`)
  }
  res.writeHead(404).end(ADVICE)
}
