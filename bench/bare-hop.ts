import {
  Agent,
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { serveUntilStopped } from '../test/support/listen.ts'
import type { AddressInfo } from 'node:net'

/**
 * The measure for the gateway: the least that a relay on `node:http` does which reads what it relays. It parses the
 * message, forwards it over a kept-alive connection, parses the answer and writes it anew. No authentication, no policy,
 * no records, no translation.
 */
export async function startBareHop(upstream: URL): Promise<AsyncDisposable & { url: string }> {
  const agent = new Agent({ keepAlive: true })

  function forward(message: unknown, req: IncomingMessage, res: ServerResponse): void {
    const body = JSON.stringify(message)
    const target = { agent, host: upstream.hostname, port: upstream.port, path: req.url, method: 'POST' }
    const onward = request({ ...target, headers: onwardHeaders(req.headers, body) }, (answer) => {
      read(answer, (text) => {
        const again = text === '' ? '' : JSON.stringify(JSON.parse(text))
        res.writeHead(answer.statusCode ?? 502, {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(again),
        })
        res.end(again)
      })
    })
    onward.on('error', () => res.writeHead(502).end())
    onward.end(body)
  }

  const server = createServer((req, res) => read(req, (text) => forward(JSON.parse(text), req, res)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      agent.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function read(message: IncomingMessage, then: (text: string) => void): void {
  const chunks: Buffer[] = []
  message.on('data', (chunk: Buffer) => chunks.push(chunk))
  message.on('end', () => then(Buffer.concat(chunks).toString()))
}

const FORWARDED = ['accept', 'mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-session-id'] as const

function onwardHeaders(from: IncomingHttpHeaders, body: string): Record<string, string | number> {
  const headers: Record<string, string | number> = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  for (const name of FORWARDED) {
    const value = from[name]
    if (typeof value === 'string') headers[name] = value
  }
  return headers
}

if (import.meta.main) await serveUntilStopped(() => startBareHop(new URL(process.env['UPSTREAM'] ?? '')))
