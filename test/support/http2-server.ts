import { once } from 'node:events'
import {
  createSecureServer,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { parsed } from './upstream-calls.ts'
import { TEST_CERTIFICATE, TEST_KEY } from './test-certificate.ts'

export interface Http2Request {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Http2Server extends AsyncDisposable {
  readonly url: string
  readonly sessions: ServerHttp2Session[]
  /** How many sessions there have been. */
  readonly opened: () => number
  handle: (request: Http2Request) => void
}

export function answerJson(stream: ServerHttp2Stream, value: unknown, status = 200): void {
  stream.respond({ ':status': status, 'content-type': 'application/json' })
  stream.end(JSON.stringify(value))
}

/** Answers every request with a result that repeats its params. */
export function echoHttp2({ stream, body }: Http2Request): void {
  const { id, params } = parsed(body)
  answerJson(stream, { jsonrpc: '2.0', id, result: { content: [], params } })
}

/** A server that speaks HTTP/2 and nothing else, over TLS (for 127.0.0.1, with the test certificate) or without. */
export async function http2Server(
  handle: Http2Server['handle'],
  options: { readonly tls?: boolean; readonly requestCert?: boolean; readonly settings?: Settings } = {},
): Promise<Http2Server> {
  const { tls = false, requestCert = false, settings = {} } = options
  const sessions: ServerHttp2Session[] = []
  let opened = 0
  const server = tls
    ? createSecureServer({
        cert: TEST_CERTIFICATE,
        key: TEST_KEY,
        ca: TEST_CERTIFICATE,
        requestCert,
        rejectUnauthorized: requestCert,
        settings,
      })
    : createServer({ settings })
  const fake = { handle }
  server.on('session', (session: ServerHttp2Session) => {
    opened++
    sessions.push(session)
    session.on('error', () => {})
    session.on('close', () => sessions.splice(sessions.indexOf(session), 1))
  })
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', () => {})
    stream.on('end', () => {
      if (!stream.aborted) fake.handle({ stream, headers, body: Buffer.concat(chunks) })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return Object.assign(fake, {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${String(port)}/mcp?a=b`,
    sessions,
    opened: () => opened,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy()
      server.close()
      if (server.listening) await once(server, 'close')
    },
  })
}
