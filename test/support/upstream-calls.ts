import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Canceller } from '#/lib/canceller.ts'
import { GatewayId, UserId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import type { CatalogGateway } from '#/catalog/model.ts'
import type { GatewayError } from '#/errors/gateway-error.ts'
import { readFrame } from '#/mcp/read-frame.ts'
import { createUpstreams, type UpstreamParts } from '#/upstream/create-upstreams.ts'
import type { UpstreamLimits } from '#/upstream/options.ts'
import type { AnswerStart, UpstreamReport, UpstreamRequest, Upstreams } from '#/upstream/upstreams.ts'
import { adminPrincipal } from './principals.ts'

export type Handle = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void

export interface FakeServer extends AsyncDisposable {
  readonly url: string
  readonly server: Server
  /** Every request so far: `METHOD rpc-method`. */
  readonly seen: string[]
  handle: Handle
}

/** A small server on loopback that does exactly what `handle` says. */
export async function fakeServer(handle: Handle): Promise<FakeServer> {
  const fake = { handle, seen: [] as string[] }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => {})
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      fake.seen.push(`${request.method ?? ''} ${rpcMethod(body)}`.trim())
      fake.handle(request, response, body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return Object.assign(fake, {
    url: `http://127.0.0.1:${String(port)}/mcp`,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      if (server.listening) await once(server, 'close')
    },
  })
}

function rpcMethod(body: Buffer): string {
  try {
    return (JSON.parse(body.toString()) as { method?: string }).method ?? ''
  } catch {
    return ''
  }
}

export function json(response: ServerResponse, value: unknown, status = 200): void {
  const body = JSON.stringify(value)
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body)
}

export function parsed(body: Buffer): { id: number; method: string; params: Record<string, never> } {
  return JSON.parse(body.toString())
}

/** Answers every request with a result that repeats its params. */
export const echo: Handle = (_request, response, body) => {
  const { id, params } = parsed(body)
  json(response, { jsonrpc: '2.0', id, result: { content: [], params } })
}

export function gatewayAt(url: string, over: Partial<CatalogGateway> = {}): CatalogGateway {
  return {
    id: GatewayId.mint(),
    name: 'fake',
    slug: 'fake',
    url,
    stdio: null,
    enabled: true,
    reachable: true,
    credential: null,
    passthroughHeaders: [],
    transport: null,
    caCertificate: null,
    clientCert: null,
    clientKey: null,
    httpVersion: null,
    timeoutMs: null,
    era: 'legacy',
    revision: '2025-11-25',
    stateful: false,
    capabilities: '{"tools":{}}',
    serverInfo: null,
    instructions: null,
    version: 1,
    createdAt: 0,
    ownerId: null,
    teamId: null,
    visibility: 'public',
    ...over,
  }
}

export function principal(key = 'someone'): Principal {
  return { ...adminPrincipal(UserId.mint()), email: `${key}@example.test`, key }
}

const CALL =
  '{"jsonrpc":"2.0","id":"c1","method":"tools/call","params":{"name":"x","arguments":{"n":12345678901234567890}}}'

export function requestTo(
  gateway: CatalogGateway,
  over: Partial<UpstreamRequest> = {},
  message = CALL,
): UpstreamRequest {
  const read = readFrame(Buffer.from(message))
  if (!read.ok) throw new Error(read.detail)
  return {
    gateway,
    principal: principal(),
    frame: read.frame,
    clientRevision: '2025-11-25',
    name: 'tool',
    paramHeaders: null,
    passthrough: {},
    logLevel: undefined,
    wantsProgress: false,
    requestId: 'request-1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    idempotent: false,
    signal: new Canceller().signal,
    ...over,
  }
}

export interface Heard {
  readonly start: AnswerStart | undefined
  /** Whole messages, in order. */
  readonly messages: readonly string[]
  readonly error: GatewayError | undefined
  readonly report: UpstreamReport
}

/** Sends and waits for the last word. A message that is a response is the answer, as the relay would find. */
export function call(upstreams: Upstreams, request: UpstreamRequest): Promise<Heard> {
  return new Promise((resolve) => {
    let start: AnswerStart | undefined
    let chunks: Buffer[] = []
    const messages: string[] = []
    upstreams.send(request, {
      start: (answer) => {
        start = answer
      },
      bytes: (chunk) => {
        chunks.push(Buffer.from(chunk))
      },
      endMessage: () => {
        const message = Buffer.concat(chunks).toString()
        chunks = []
        messages.push(message)
        return !message.includes('"method"')
      },
      done: (report) => resolve({ start, messages, error: undefined, report }),
      failed: (error, report) => resolve({ start, messages, error, report }),
    })
  })
}

/** The room under test, with loopback allowed and no credentials. */
export function startUpstreams(limits: Partial<UpstreamLimits> = {}): UpstreamParts {
  return createUpstreams({
    vault: { headers: () => ({}) },
    policy: { allowPrivate: true },
    clientInfo: { name: 'causeway', version: '0' },
    limits,
  })
}
