import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What any relay costs on this machine: it parses the message, forwards it over a kept-alive connection, parses the answer
 * and writes it anew; a stream passes as it comes. No database, no authentication, no records, no names, no translation.
 */
export interface Relay extends AsyncDisposable {
  readonly url: string
}

const BACKLOG = 4096

export async function startRelay(upstream: URL): Promise<Relay> {
  const agent = new Agent({ keepAlive: true })
  const to = { agent, host: upstream.hostname, port: upstream.port }
  const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0, headersTimeout: 0 }, (req, res) => {
    if (req.method !== 'POST') forward({ to, req, res, body: '' })
    else
      read(req, (text) => {
        const message = parsed(text)
        if (message === undefined) res.writeHead(400).end()
        else forward({ to, req, res, body: JSON.stringify(message) })
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', BACKLOG, resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      agent.destroy()
      await closed
    },
  }
}

interface Forwarded {
  readonly to: object
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly body: string
}

function forward({ to, req, res, body }: Forwarded): void {
  const { method = 'POST', url = '/' } = req
  const onward = request({ ...to, path: url, method, headers: onwardHeaders(req, body) }, (answer) =>
    relay(answer, res),
  )
  onward.on('error', () => (res.headersSent ? res.destroy() : res.writeHead(502).end()))
  res.once('close', () => {
    if (!res.writableFinished) onward.destroy()
  })
  onward.end(body)
}

function relay(answer: IncomingMessage, res: ServerResponse): void {
  const { statusCode = 502, headers } = answer
  const session = headers['mcp-session-id']
  const more = session === undefined ? {} : { 'mcp-session-id': String(session) }
  answer.on('error', () => res.destroy())
  if (headers['content-type']?.startsWith('text/event-stream') === true) {
    res.writeHead(statusCode, { 'content-type': 'text/event-stream', ...more })
    res.flushHeaders()
    return void answer.pipe(res)
  }
  read(answer, (text) => {
    const again = text === '' ? '' : JSON.stringify(parsed(text) ?? null)
    const length = Buffer.byteLength(again)
    res.writeHead(statusCode, { 'content-type': 'application/json', 'content-length': length, ...more }).end(again)
  })
}

function read(message: IncomingMessage, then: (text: string) => void): void {
  const chunks: Buffer[] = []
  message.on('data', (chunk: Buffer) => chunks.push(chunk))
  message.on('end', () => then(Buffer.concat(chunks).toString()))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const FORWARDED = ['accept', 'mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-session-id'] as const

function onwardHeaders({ headers: from }: IncomingMessage, body: string): Record<string, string | number> {
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
